/**
 * @module
 * How the launcher comes to a daemon.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectDaemon } from "../../src/providers/docker/connect-daemon.ts";
import { readInfo, type DaemonInfo } from "../../src/providers/docker/daemon.ts";
import { createEngineClient, type EngineClient } from "../../src/providers/docker/engine/client.ts";
import { findEndpoint, type Endpoint } from "../../src/providers/docker/engine/endpoint.ts";
import { ensureLauncher } from "../../src/providers/docker/launcher-volume.ts";
import { probeDaemon } from "../../src/providers/docker/probe.ts";
import { sh } from "../conformance/harness.ts";
import { startDockerd, type Dockerd } from "../helpers/docker/dockerd.ts";
import { findProgram } from "../helpers/find-program.ts";
import { importLanguageImages, importSmallImages, smallTags } from "../helpers/docker/images.ts";
import { DOCKERD_TIMEOUT_MS } from "../helpers/docker/shared.ts";
import { dockerSkipReason, runscSkipReason } from "../helpers/docker/skip.ts";
import { providerAt, runOnce } from "./fixture.ts";

const skipReason = dockerSkipReason();
const noRunsc = runscSkipReason();

const endpointOf = (host: string): Endpoint =>
  findEndpoint({ host, env: {}, homeFolder: "/nonexistent" });

describe.skipIf(skipReason !== undefined)(`the launcher ${skipReason ?? ""}`, () => {
  let dockerd: Dockerd;
  let client: EngineClient;
  let info: DaemonInfo;
  beforeAll(async () => {
    // One of its own: others would see what is taken away here.
    dockerd = await startDockerd();
    await importSmallImages(dockerd);
    await importLanguageImages(dockerd);
    client = createEngineClient(endpointOf(dockerd.host));
    info = await readInfo(client);
  }, DOCKERD_TIMEOUT_MS);
  afterAll(async () => {
    client.close();
    await dockerd.stop();
  });
  const runtimeNamed = (name: string) => ({ name, isGvisor: false });
  const ours = async (what: "images" | "volume"): Promise<string> =>
    what === "images"
      ? dockerd.docker("images", "--quiet", "--filter", "label=glovebox")
      : dockerd.docker("volume", "ls", "--quiet", "--filter", "label=glovebox");

  test("an attempt that fails leaves nothing", async () => {
    const options = { ociRuntime: runtimeNamed("none-such"), canUseOwn: true };
    await expect(ensureLauncher(client, info, options)).rejects.toThrow(/none-such/);
    expect(await ours("images")).toBe("");
    expect(await ours("volume")).toBe("");
  });

  test("a first probe waits for a daemon that has to compile it, longer than a probe may take", async () => {
    await using proxy = await delayBuilds(dockerd.host, 5_500);
    const daemon = connectDaemon(endpointOf(proxy.host), { ociRuntime: "runc" }, () => false);
    const report = await probeDaemon(daemon, "runc");
    await daemon.close();
    expect(report).toMatchObject({ available: true, reason: "" });
    expect(proxy.builds()).toBe(1);
    await dockerd.docker("rmi", await ours("images"));
    await dockerd.docker("volume", "rm", await ours("volume"));
  });

  test("is compiled by the daemon, once for all who ask at once", async () => {
    const options = { ociRuntime: runtimeNamed("runc"), canUseOwn: false };
    const [found, ...others] = await Promise.all(
      [0, 1].map(() => ensureLauncher(client, info, options)),
    );
    expect(others).toEqual([found]);
    const { volume, image } = found!;
    expect(await ensureLauncher(client, info, options)).toEqual(found);
    const version = await dockerd.docker(
      ...["run", "--rm", "--network=none", `--volume=${volume}:/glovebox:ro`, smallTags.tiny],
      ...["/glovebox/glovebox-launcher", "--version"],
    );
    expect(version).toMatch(/^glovebox-launcher 2$/);
    await dockerd.docker("rmi", image);
    await dockerd.docker("volume", "rm", volume);
  });

  test.skipIf(noRunsc !== undefined)(
    `a broken default OCI runtime is in nobody's way ${noRunsc ?? ""}`,
    async () => {
      const broken = join(dockerd.folder, "broken-runc");
      writeFileSync(broken, "#!/bin/sh\necho broken\nexit 1\n", { mode: 0o755 });
      const [program = "", ...args] = dockerd.inside(
        "mount",
        "--bind",
        broken,
        findProgram("runc")!,
      );
      await promisify(execFile)(program, args);
      expect(await ours("images")).toBe("");
      const usual = providerAt(dockerd.host);
      const report = await usual.probe();
      await usual.close();
      expect(report.available).toBe(false);
      expect(Object.fromEntries(report.facts)).toMatchObject({
        "OCI runtime runc": expect.stringMatching(/^no sandbox: .*, used/) as string,
        "OCI runtime runsc": expect.stringMatching(/^a sandbox was started/) as string,
      });
      const provider = providerAt(dockerd.host, { ociRuntime: "runsc" });
      expect(await runOnce(provider, sh("echo 1"))).toMatchObject({ text: "1\n" });
      await provider.close();
    },
  );
});

/** Passes all on to a daemon, a build later. */
async function delayBuilds(host: string, delayMs: number) {
  const folder = mkdtempSync(join(tmpdir(), "glovebox-proxy-test-"));
  const sockets = new Set<Socket>();
  let builds = 0;
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ path: host.replace("unix://", ""), allowHalfOpen: true });
    for (const socket of [near, far]) sockets.add(socket.on("error", () => undefined));
    far.pipe(near);
    const passOn = async (): Promise<void> => {
      for await (const chunk of near as AsyncIterable<Buffer>) {
        if (/^POST \/v[\d.]+\/build/.test(chunk.toString("latin1", 0, 40))) {
          builds += 1;
          await sleep(delayMs);
        }
        far.write(chunk);
      }
      far.end();
    };
    passOn().catch(() => far.destroy());
  });
  const path = join(folder, "docker.sock");
  await once(server.listen(path), "listening");
  return {
    host: `unix://${path}`,
    builds: () => builds,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}
