/**
 * @module
 * `kill -9` of the process that owns containers, and of the daemon: nothing may be left. With a daemon
 * of its own, because it is killed too.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { locateLauncher } from "../../src/launcher/locate-launcher.ts";
import { createDockerProvider } from "../../src/providers/docker/index.ts";
import { bundle } from "../helpers/bundle.ts";
import { startDockerd, type Dockerd } from "../helpers/docker/dockerd.ts";
import { importSmallImages, smallTags } from "../helpers/docker/images.ts";
import { DOCKERD_TIMEOUT_MS } from "../helpers/docker/shared.ts";
import { dockerSkipReason, runscSkipReason } from "../helpers/docker/skip.ts";
import { labeledContainers, untilRemoved } from "../helpers/docker/containers.ts";

const GONE_WITHIN_MS = 5_000;
const SWEPT_WITHIN_MS = 20_000;
const START_TIMEOUT_MS = 20_000;

const skipReason = dockerSkipReason();
const ociRuntimes = [
  { ociRuntime: "runc", reason: undefined },
  { ociRuntime: "runsc", reason: runscSkipReason() },
];

describe.skipIf(skipReason !== undefined)(`killed owners of containers ${skipReason ?? ""}`, () => {
  let dockerd: Dockerd;
  let folder: string;
  let program: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "escape-owner-"));
    program = bundle(join(import.meta.dirname, "owner.ts"), folder);
    dockerd = await startDockerd();
    await importSmallImages(dockerd);
  }, DOCKERD_TIMEOUT_MS);
  afterAll(async () => {
    await dockerd.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => {
    for (const owner of owners.splice(0)) owner.kill("SIGKILL");
  });

  const owners: ReturnType<typeof spawn>[] = [];
  /** Resolves when its program runs. */
  async function startOwner(ociRuntime: string) {
    const argv = [program, "docker", dockerd.host, ociRuntime, smallTags.tiny];
    const owner = spawn(process.execPath, argv, {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, GLOVEBOX_LAUNCHER: await locateLauncher() },
    });
    owners.push(owner);
    await once(owner.stdout, "data", { signal: AbortSignal.timeout(START_TIMEOUT_MS) });
    return owner;
  }
  const list = (): Promise<readonly string[]> => labeledContainers(dockerd, "glovebox=sandbox");
  const isGone = async () => untilRemoved(dockerd, list, GONE_WITHIN_MS);
  async function sweep(): Promise<void> {
    const options = { host: dockerd.host, env: {}, ociRuntime: undefined, image: smallTags.tiny };
    const provider = createDockerProvider({ ...options, pullPolicy: "never", poolSize: 0 });
    await provider.sweep();
    await provider.close();
  }

  describe.each(ociRuntimes)("$ociRuntime", ({ ociRuntime, reason }) => {
    const it = test.skipIf(reason !== undefined);

    it("a killed owner's containers are gone in 5 s, without a sweep", async () => {
      const owner = await startOwner(ociRuntime);
      expect(await list()).not.toEqual([]);
      await kill(owner);
      await isGone();
    });

    it("those that were paused are gone with the next sweep", async () => {
      const owner = await startOwner(ociRuntime);
      const ids = (await dockerd.docker("ps", "-q")).split("\n");
      await dockerd.docker("pause", ...ids);
      await kill(owner);
      await sweep();
      await isGone();
    });

    it("a sweep leaves alone what a living owner has", async () => {
      const owner = await startOwner(ociRuntime);
      const before = await list();
      await sweep();
      expect(await list()).toHaveLength(before.length);
      await kill(owner);
      await isGone();
    });

    it("killed with the daemon, all is gone once both are back", async () => {
      const owner = await startOwner(ociRuntime);
      await dockerd.kill9();
      await kill(owner);
      await dockerd.restart();
      await sweep();
      await isGone();
    });

    it("an owner that outlives its daemon does not keep the containers", async () => {
      const owner = await startOwner(ociRuntime);
      await dockerd.restart();
      if (owner.exitCode === null)
        await once(owner, "exit", { signal: AbortSignal.timeout(20_000) });
      // Its mounts may keep a daemon that has just started from removing it at once.
      const sweepAndList = async (): Promise<readonly string[]> => {
        await sweep();
        return list();
      };
      await untilRemoved(dockerd, sweepAndList, SWEPT_WITHIN_MS);
    });
  });
});

async function kill(owner: ReturnType<typeof spawn>): Promise<void> {
  const exited = once(owner, "exit");
  owner.kill("SIGKILL");
  if (owner.exitCode === null && owner.signalCode === null) await exited;
}
