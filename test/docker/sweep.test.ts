/**
 * @module
 * Whose containers a sweep removes.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { label, ownerLabel, ownOwner } from "../../src/providers/docker/owner.ts";
import type { DockerdUser } from "../helpers/docker/dockerd.ts";
import { smallTags } from "../helpers/docker/images.ts";
import { DOCKERD_TIMEOUT_MS, sharedDockerd } from "../helpers/docker/shared.ts";
import { dockerSkipReason } from "../helpers/docker/skip.ts";
import { providerAt } from "./fixture.ts";

const skipReason = dockerSkipReason();

const living = ownOwner();
const dead = living.replace(/-\d+-\d+$/, "-1-1");
const elsewhere = dead.replace(/^[0-9a-f]+/, "0123456789ab");
const otherNamespace = dead.replace(/-\d+-1-1$/, "-1-1-1");
const sandboxOf = (owner: string): readonly string[] => [
  `--label=${label}=sandbox`,
  `--label=${ownerLabel}=${owner}`,
];

describe.skipIf(skipReason !== undefined)(`a sweep ${skipReason ?? ""}`, () => {
  let dockerd: DockerdUser;
  const made: string[] = [];
  beforeAll(async () => {
    dockerd = await sharedDockerd();
  }, DOCKERD_TIMEOUT_MS);
  afterAll(async () => {
    if (made.length > 0) await dockerd.docker("rm", "--force", ...made);
  });
  const exists = async (id: string): Promise<boolean> =>
    (await dockerd.docker("ps", "--all", "--quiet", "--no-trunc", `--filter=id=${id}`)) === id;

  test.each<[string, readonly string[], boolean]>([
    ["removes that of a killed owner", sandboxOf(dead), true],
    ["leaves that of a living owner", sandboxOf(living), false],
    ["leaves that of another machine", sandboxOf(elsewhere), false],
    ["leaves that of another pid namespace", sandboxOf(otherNamespace), false],
    ["leaves one with an owner that is none of ours", sandboxOf("somebody"), false],
    ["leaves one without an owner", [`--label=${label}=sandbox`], false],
    ["leaves one that is no sandbox", [`--label=${ownerLabel}=${dead}`], false],
    ["leaves one without labels", [], false],
  ])("%s", async (_name, labels, isRemoved) => {
    const id = await dockerd.docker(
      ...["run", "--detach", "--network=none", ...labels, smallTags.tiny, "/bin/sleep", "300"],
    );
    made.push(id);
    const provider = providerAt(dockerd.host);
    await provider.sweep();
    await provider.close();
    expect(await exists(id)).toBe(!isRemoved);
    if (isRemoved) made.splice(made.indexOf(id), 1);
  });

  test("ends with its signal, without an error, also where the daemon never answers", async () => {
    const folder = mkdtempSync(join(tmpdir(), "glovebox-sweep-test-"));
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket));
    const path = join(folder, "docker.sock");
    await once(server.listen(path), "listening");
    const provider = providerAt(`unix://${path}`);
    const controller = new AbortController();
    const swept = provider.sweep(controller.signal);
    await once(server, "connection");
    controller.abort();
    await swept;
    await provider.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  test("fails where there is no daemon", async () => {
    const provider = providerAt("unix:///nonexistent/docker.sock");
    await expect(provider.sweep()).rejects.toMatchObject({ code: "PROVIDER_UNAVAILABLE" });
    await provider.close();
  });
});
