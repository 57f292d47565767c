/**
 * @module
 * Brings the launcher to the daemon: into a volume that every container mounts read-only, so that any
 * image will do. It is made once for each daemon and version of the launcher, and stays there.
 */
import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { createTar } from "nanotar";
import { GloveboxError } from "../../core/errors.ts";
import { locateLauncher } from "../../launcher/locate-launcher.ts";
import { packageFolder } from "../../util/package-folder.ts";
import { launcherFolder, launcherPath } from "./container-config.ts";
import type { EngineClient } from "./engine/client.ts";
import { isStatus } from "./engine-status.ts";
import { label } from "./owner.ts";

export interface LauncherAtDaemon {
  readonly volume: string;
  /** An image with nothing but the launcher in it. */
  readonly image: string;
}

/** Compiles the launcher where this machine can't make one for the daemon's. */
const COMPILER_IMAGE = "gcc:14";
const BUILD_TIMEOUT_MS = 10 * 60_000;

/** Node's name of the architectures that the launcher is written for, by Docker's. */
const architectures: Readonly<Record<string, NodeJS.Architecture>> = {
  amd64: "x64",
  arm64: "arm64",
};

/** @throws {GloveboxError} `PROVIDER_UNAVAILABLE` where there is no launcher for the daemon's machine. */
export async function ensureLauncher(
  client: EngineClient,
  daemonArchitecture: string,
): Promise<LauncherAtDaemon> {
  const isLocal =
    process.platform === "linux" && architectures[daemonArchitecture] === process.arch;
  const content = isLocal ? await readFile(await locateLauncher()) : undefined;
  const hash = createHash("sha256")
    .update(daemonArchitecture)
    .update(content ?? (await sourcesTar()))
    .digest("hex")
    .slice(0, 16);
  const found = { volume: `glovebox-launcher-${hash}`, image: `glovebox-launcher:${hash}` };
  if (await isComplete(client, found)) return found;
  if (content === undefined) await buildImage(client, found.image);
  else await importImage(client, found.image, content);
  await fillVolume(client, found);
  return found;
}

/** The volume's label is written when all is in place: a volume's labels never change. */
async function isComplete(client: EngineClient, { volume, image }: LauncherAtDaemon) {
  try {
    await client.request("GET", `/volumes/${volume}`);
    await client.request("GET", `/images/${image}/json`);
    return true;
  } catch (error) {
    if (isStatus(error, 404)) return false;
    throw error;
  }
}

async function importImage(client: EngineClient, image: string, content: Buffer): Promise<void> {
  const tar = createTar([
    { name: launcherPath.slice(1), data: content, attrs: { mode: "755", uid: 0, gid: 0 } },
  ]);
  const [repo, tag] = image.split(":");
  const query = { fromSrc: "-", repo, tag, changes: `LABEL ${label}=launcher` };
  const progress = client.stream("POST", "/images/create", { query, body: Buffer.from(tar) });
  for await (const step of progress) void step;
}

/** For a daemon on another kind of machine, such as the one that Docker Desktop runs in. */
async function buildImage(client: EngineClient, image: string): Promise<void> {
  const query = { t: image, forcerm: true, labels: JSON.stringify({ [label]: "launcher" }) };
  try {
    const progress = client.stream("POST", "/build", {
      query,
      body: await sourcesTar(),
      timeoutMs: BUILD_TIMEOUT_MS,
    });
    for await (const step of progress) void step;
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

/** A new volume takes over what the image has in its place; running the launcher shows that it can. */
async function fillVolume(
  client: EngineClient,
  { volume, image }: LauncherAtDaemon,
): Promise<void> {
  await client.request("POST", "/volumes/create", {
    body: { Name: volume, Labels: { [label]: "launcher" } },
  });
  const created = (await client.request("POST", "/containers/create", {
    body: {
      Image: image,
      Entrypoint: [launcherPath],
      Cmd: ["--version"],
      Labels: { [label]: "launcher" },
      HostConfig: {
        NetworkMode: "none",
        ReadonlyRootfs: true,
        LogConfig: { Type: "none", Config: {} },
        Mounts: [{ Type: "volume", Source: volume, Target: launcherFolder }],
      },
    },
  })) as { readonly Id: string };
  try {
    await client.request("POST", `/containers/${created.Id}/start`);
    const end = (await client.request("POST", `/containers/${created.Id}/wait`)) as {
      readonly StatusCode: number;
    };
    if (end.StatusCode !== 0) {
      const hint = "the daemon's machine can't run it";
      throw new GloveboxError(
        "PROVIDER_UNAVAILABLE",
        `docker: the launcher ended with code ${end.StatusCode}: ${hint}.`,
        { provider: "docker", hint },
      );
    }
  } finally {
    await client.request("DELETE", `/containers/${created.Id}`, {
      query: { force: true },
    });
  }
}
