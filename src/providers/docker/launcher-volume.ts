/**
 * @module
 * Brings the launcher to the daemon: into a volume that every container mounts read-only, so that any
 * image will do. It is made once for each daemon and version of the launcher, and stays there.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod/mini";
import { GloveboxError } from "../../core/errors.ts";
import { locateLauncher } from "../../launcher/locate-launcher.ts";
import { ask } from "./answer.ts";
import { launcherFolder, launcherPath } from "./container-config.ts";
import type { DaemonInfo, OciRuntime } from "./daemon.ts";
import type { EngineClient } from "./engine/client.ts";
import { isStatus } from "./engine-status.ts";
import { buildImage, importImage, launcherSources, type OnPull } from "./launcher-image.ts";
import { label } from "./owner.ts";
import { removeContainer } from "./remove-container.ts";

export interface LauncherAtDaemon {
  readonly volume: string;
  /** An image with nothing but the launcher in it. */
  readonly image: string;
}

/** What another Glovebox gets to fill the volume, before it counts as dead. */
const OTHERS_TIMEOUT_MS = 20_000;
const LOOK_AGAIN_MS = 50;

/** Node's name of the architectures that the launcher is written for, by Docker's. */
const architectures: Readonly<Record<string, NodeJS.Architecture>> = {
  amd64: "x64",
  arm64: "arm64",
};

/** Whether this machine's own launcher runs at a daemon of this architecture (Docker's name). */
export function canUseOwnLauncher(architecture: string): boolean {
  return process.platform === "linux" && architectures[architecture] === process.arch;
}

export interface EnsureOptions {
  readonly ociRuntime: OciRuntime;
  /** Else the daemon compiles one, which takes a minute, and longer where it has to pull the compiler. */
  readonly canUseOwn: boolean;
  /** Called with the progress of that pull. */
  readonly onPull?: OnPull | undefined;
}

/**
 * Nothing but what is complete is left, also after a failure.
 *
 * @throws {GloveboxError} `PROVIDER_UNAVAILABLE` where there is no launcher for the daemon's machine.
 */
export async function ensureLauncher(
  client: EngineClient,
  info: DaemonInfo,
  { ociRuntime, canUseOwn, onPull }: EnsureOptions,
): Promise<LauncherAtDaemon> {
  const content = canUseOwn
    ? await readFile(await locateLauncher({ provider: "docker" }))
    : undefined;
  const hash = createHash("sha256")
    .update(info.architecture)
    .update(content ?? (await launcherSources()))
    .digest("hex")
    .slice(0, 16);
  const wanted = { volume: `glovebox-launcher-${hash}`, image: `glovebox-launcher:${hash}` };
  while (!(await isComplete(client, wanted))) {
    const image =
      content === undefined ? await buildImage(client, onPull) : await importImage(client, content);
    const filler = { ...wanted, imageId: image, ociRuntime, mustStart: info.engine === "Podman" };
    const isFilled = await fillVolume(client, filler);
    await removeUnnamed(client, image);
    if (isFilled) return wanted;
    await untilOthersAreDone(client, wanted);
  }
  return wanted;
}

const volumeSchema = z.object({ Labels: z.nullish(z.record(z.string(), z.string())) });

/**
 * The image gets its name when all is in place. A volume without our label is one that the daemon made,
 * for a container that should have had ours.
 */
async function isComplete(
  client: EngineClient,
  { volume, image }: LauncherAtDaemon,
): Promise<boolean> {
  try {
    const found = await ask(client, volumeSchema, ["GET", `/volumes/${volume}`]);
    await client.request("GET", `/images/${image}/json`);
    return found.Labels?.[label] !== undefined;
  } catch (error) {
    if (isStatus(error, 404)) return false;
    throw error;
  }
}

async function exists(client: EngineClient, path: string): Promise<boolean> {
  try {
    await client.request("GET", path);
    return true;
  } catch (error) {
    if (isStatus(error, 404)) return false;
    throw error;
  }
}

interface Filler extends LauncherAtDaemon {
  readonly imageId: string;
  readonly ociRuntime: OciRuntime;
  readonly mustStart: boolean;
}

const endSchema = z.object({ StatusCode: z.number() });

/**
 * A new volume takes over what the image has in its place: at Docker when a container is created, so
 * that no OCI runtime has a part in it; at Podman when it is started. One at a time: the container's
 * name is the lock.
 *
 * @returns False where another Glovebox does it right now, or just did.
 * @throws Then the image and the volume are gone.
 */
async function fillVolume(client: EngineClient, filler: Filler): Promise<boolean> {
  const { volume, image, imageId, mustStart } = filler;
  try {
    if (await isComplete(client, filler)) return false;
    // Only an empty volume takes something over, and one is labelled only when it is made.
    await removeUnused(client, `/volumes/${volume}`);
    await client.request("POST", "/containers/create", {
      query: { name: volume },
      body: fillerConfig(filler),
    });
  } catch (error) {
    if (isStatus(error, 409)) return false;
    await removeFailed(client, filler);
    throw error;
  }
  let isDone = false;
  try {
    if (mustStart) await runFiller(client, volume);
    const [repo, tag] = image.split(":");
    // Another's that has the name already is as good.
    if (!(await exists(client, `/images/${image}/json`))) {
      await client.request("POST", `/images/${imageId}/tag`, { query: { repo, tag } });
    }
    isDone = true;
    return true;
  } finally {
    await removeContainer(client, volume);
    if (!isDone) await removeFailed(client, filler);
  }
}

async function runFiller(client: EngineClient, name: string): Promise<void> {
  await client.request("POST", `/containers/${name}/start`);
  const end = await ask(client, endSchema, ["POST", `/containers/${name}/wait`]);
  if (end.StatusCode !== 0) throw cannotRun(end.StatusCode);
}

function fillerConfig({ volume, imageId, ociRuntime }: Filler): object {
  const labels = { [label]: "launcher" };
  return {
    Image: imageId,
    Entrypoint: [launcherPath],
    Cmd: ["--version"],
    Labels: labels,
    HostConfig: {
      Runtime: ociRuntime.name,
      NetworkMode: "none",
      ReadonlyRootfs: true,
      LogConfig: { Type: "none", Config: {} },
      Mounts: [
        {
          ...{ Type: "volume", Source: volume, Target: launcherFolder },
          VolumeOptions: { Labels: labels },
        },
      ],
    },
  };
}

/** Does not throw: why the attempt failed is what counts. */
async function removeFailed(client: EngineClient, { volume, imageId }: Filler): Promise<void> {
  await removeUnused(client, `/volumes/${volume}`).catch(() => undefined);
  await removeUnnamed(client, imageId).catch(() => undefined);
}

const imageSchema = z.object({ RepoTags: z.nullish(z.array(z.string())) });

/** A build with the same steps may have the same id: then the image is another Glovebox's as well. */
async function removeUnnamed(client: EngineClient, imageId: string): Promise<void> {
  const path = `/images/${imageId}`;
  try {
    const { RepoTags } = await ask(client, imageSchema, ["GET", `${path}/json`]);
    if ((RepoTags ?? []).length > 0) return;
  } catch (error) {
    if (isStatus(error, 404)) return;
    throw error;
  }
  await removeUnused(client, path);
}

/** Waits for the container of another Glovebox to go; takes it away where that does not happen. */
async function untilOthersAreDone(
  client: EngineClient,
  { volume }: LauncherAtDaemon,
): Promise<void> {
  const deadline = performance.now() + OTHERS_TIMEOUT_MS;
  while (performance.now() < deadline) {
    try {
      await client.request("GET", `/containers/${volume}/json`);
    } catch (error) {
      if (isStatus(error, 404)) return;
      throw error;
    }
    await sleep(LOOK_AGAIN_MS);
  }
  await removeContainer(client, volume);
}

/** A volume or an image; where a container uses it, it is left as it is. */
async function removeUnused(client: EngineClient, path: string): Promise<void> {
  try {
    await client.request("DELETE", path);
  } catch (error) {
    if (!isStatus(error, 404) && !isStatus(error, 409)) throw error;
  }
}

function cannotRun(code: number): GloveboxError<"PROVIDER_UNAVAILABLE"> {
  const hint = "the daemon's machine can't run it";
  return new GloveboxError(
    "PROVIDER_UNAVAILABLE",
    `docker: the launcher ended with code ${code}: ${hint}.`,
    { provider: "docker", hint },
  );
}
