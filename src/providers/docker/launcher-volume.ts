/**
 * @module
 * Brings the launcher to the daemon: into a volume that every container mounts read-only, so that any
 * image will do. It is made once for each daemon and version of the launcher, and stays there.
 */
import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createTar } from "nanotar";
import { GloveboxError } from "../../core/errors.ts";
import { locateLauncher } from "../../launcher/locate-launcher.ts";
import { packageFolder } from "../../util/package-folder.ts";
import { launcherFolder, launcherPath } from "./container-config.ts";
import type { EngineClient } from "./engine/client.ts";
import { isStatus } from "./engine-status.ts";
import { label } from "./owner.ts";
import { removeContainer } from "./remove-container.ts";

export interface LauncherAtDaemon {
  readonly volume: string;
  /** An image with nothing but the launcher in it. */
  readonly image: string;
}

/** Compiles the launcher where this machine can't make one for the daemon's. */
const COMPILER_IMAGE = "gcc:14";
const BUILD_TIMEOUT_MS = 10 * 60_000;
/** What another Glovebox gets to fill the volume, before it counts as dead. */
const OTHERS_TIMEOUT_MS = 20_000;
const LOOK_AGAIN_MS = 50;

/** Node's name of the architectures that the launcher is written for, by Docker's. */
const architectures: Readonly<Record<string, NodeJS.Architecture>> = {
  amd64: "x64",
  arm64: "arm64",
};

/**
 * @param canUseOwn Whether this machine's own launcher runs at the daemon's.
 * @throws {GloveboxError} `PROVIDER_UNAVAILABLE` where there is no launcher for the daemon's machine.
 */
export async function ensureLauncher(
  client: EngineClient,
  daemonArchitecture: string,
  canUseOwn = process.platform === "linux" && architectures[daemonArchitecture] === process.arch,
): Promise<LauncherAtDaemon> {
  const content = canUseOwn ? await readFile(await locateLauncher()) : undefined;
  const hash = createHash("sha256")
    .update(daemonArchitecture)
    .update(content ?? (await sourcesTar()))
    .digest("hex")
    .slice(0, 16);
  const wanted = { volume: `glovebox-launcher-${hash}`, image: `glovebox-launcher:${hash}` };
  while (!(await isComplete(client, wanted))) {
    const image =
      content === undefined ? await buildImage(client) : await importImage(client, content);
    if (await fillVolume(client, wanted, image)) return wanted;
    // A build with the same steps has the same id: that image is the other's as well.
    if (content !== undefined) await client.request("DELETE", `/images/${image}`);
    await untilOthersAreDone(client, wanted);
  }
  return wanted;
}

/**
 * The image gets its name when all is in place. A volume without our label is one that the daemon made,
 * for a container that should have had ours.
 */
async function isComplete(
  client: EngineClient,
  { volume, image }: LauncherAtDaemon,
): Promise<boolean> {
  try {
    const found = (await client.request("GET", `/volumes/${volume}`)) as {
      readonly Labels?: Readonly<Record<string, string>> | null;
    };
    await client.request("GET", `/images/${image}/json`);
    return found.Labels?.[label] !== undefined;
  } catch (error) {
    if (isStatus(error, 404)) return false;
    throw error;
  }
}

/** @returns Its id; it has no name. */
async function importImage(client: EngineClient, content: Buffer): Promise<string> {
  const tar = createTar([
    { name: launcherPath.slice(1), data: content, attrs: { mode: "755", uid: 0, gid: 0 } },
  ]);
  const query = { fromSrc: "-", changes: `LABEL ${label}=launcher` };
  const progress = client.stream("POST", "/images/create", { query, body: Buffer.from(tar) });
  return idIn(progress);
}

/**
 * For a daemon on another kind of machine, such as the one that Docker Desktop runs in.
 *
 * @returns Its id; it has no name.
 */
async function buildImage(client: EngineClient): Promise<string> {
  const query = { forcerm: true, labels: JSON.stringify({ [label]: "launcher" }) };
  try {
    const progress = client.stream("POST", "/build", {
      query,
      body: await sourcesTar(),
      timeoutMs: BUILD_TIMEOUT_MS,
    });
    return await idIn(progress);
  } catch (error) {
    const hint = `docker pull ${COMPILER_IMAGE}`;
    throw new GloveboxError(
      "PROVIDER_UNAVAILABLE",
      `docker: the launcher could not be compiled for the daemon's machine: ${(error as Error).message}. ` +
        `It is compiled in the image \`${COMPILER_IMAGE}\`; try \`${hint}\`.`,
      { provider: "docker", hint },
      { cause: error },
    );
  }
}

/** The id of the image that a stream of progress is about: the last that it names. */
async function idIn(progress: AsyncIterable<object>): Promise<string> {
  let id: string | undefined;
  for await (const step of progress) {
    const { status, aux } = step as { readonly status?: string; readonly aux?: { ID?: string } };
    id = aux?.ID ?? (status?.startsWith("sha256:") === true ? status : id);
  }
  if (id === undefined) throw new Error("docker: the daemon does not tell the id of an image");
  return id;
}

const dockerfile = `
FROM ${COMPILER_IMAGE} AS build
COPY *.c *.h /launcher/
RUN gcc -std=gnu11 -D_GNU_SOURCE -static -Os -s -fstack-protector-strong -o /glovebox-launcher /launcher/*.c
FROM scratch
COPY --from=build /glovebox-launcher ${launcherPath}
`;

async function sourcesTar(): Promise<Buffer> {
  const folder = join(packageFolder(), "native/launcher");
  const names = (await readdir(folder)).filter((name) => /\.[ch]$/.test(name)).sort();
  const files = await Promise.all(
    names.map(async (name) => ({ name, data: await readFile(join(folder, name)) })),
  );
  const all = [{ name: "Dockerfile", data: dockerfile }, ...files];
  return Buffer.from(createTar(all.map((file) => ({ ...file, attrs: { mtime: 0 } }))));
}

/**
 * A new volume takes over what the image has in its place; running the launcher shows that it can. One
 * at a time: the container's name is the lock.
 *
 * @returns False where another Glovebox does it right now.
 */
async function fillVolume(
  client: EngineClient,
  { volume, image }: LauncherAtDaemon,
  imageId: string,
): Promise<boolean> {
  // Only an empty volume takes something over, and one is labelled only when it is made.
  await removeVolume(client, volume);
  try {
    await client.request("POST", "/containers/create", {
      query: { name: volume },
      body: fillerConfig(volume, imageId),
    });
  } catch (error) {
    if (isStatus(error, 409)) return false;
    throw error;
  }
  try {
    await client.request("POST", `/containers/${volume}/start`);
    const end = (await client.request("POST", `/containers/${volume}/wait`)) as {
      readonly StatusCode: number;
    };
    if (end.StatusCode !== 0) throw cannotRun(end.StatusCode);
    const [repo, tag] = image.split(":");
    await client.request("POST", `/images/${imageId}/tag`, { query: { repo, tag } });
    return true;
  } finally {
    await removeContainer(client, volume);
  }
}

function fillerConfig(volume: string, imageId: string): object {
  const labels = { [label]: "launcher" };
  return {
    Image: imageId,
    Entrypoint: [launcherPath],
    Cmd: ["--version"],
    Labels: labels,
    HostConfig: {
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

/** Fails where a container uses it: then it is left as it is. */
async function removeVolume(client: EngineClient, volume: string): Promise<void> {
  try {
    await client.request("DELETE", `/volumes/${volume}`);
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
