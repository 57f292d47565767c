/**
 * @module
 * How the launcher comes to a daemon whose machine is of another kind: the daemon compiles it.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngineClient, type EngineClient } from "../../src/providers/docker/engine/client.ts";
import { ensureLauncher } from "../../src/providers/docker/launcher-volume.ts";
import { findEndpoint } from "../../src/providers/docker/engine/endpoint.ts";
import type { DockerdUser } from "../helpers/docker/dockerd.ts";
import { DOCKERD_TIMEOUT_MS, sharedDockerd } from "../helpers/docker/shared.ts";
import { dockerSkipReason } from "../helpers/docker/skip.ts";

const skipReason = dockerSkipReason();

describe.skipIf(skipReason !== undefined)(`the launcher ${skipReason ?? ""}`, () => {
  let dockerd: DockerdUser;
  let client: EngineClient;
  beforeAll(async () => {
    dockerd = await sharedDockerd();
    client = createEngineClient(
      findEndpoint({ host: dockerd.host, env: {}, homeFolder: "/nonexistent" }),
    );
  }, DOCKERD_TIMEOUT_MS);
  afterAll(() => {
    client.close();
  });

  test("is compiled by the daemon, once for all who ask at once", async () => {
    const [found, ...others] = await Promise.all(
      [0, 1].map(() => ensureLauncher(client, "amd64", false)),
    );
    expect(others).toEqual([found]);
    const { volume, image } = found!;
    expect(await ensureLauncher(client, "amd64", false)).toEqual(found);
    const version = await dockerd.docker(
      ...["run", "--rm", "--network=none", `--volume=${volume}:/glovebox:ro`, "tiny:1"],
      ...["/glovebox/glovebox-launcher", "--version"],
    );
    expect(version).toMatch(/./);
    await dockerd.docker("rmi", image);
    await dockerd.docker("volume", "rm", volume);
  });
});
