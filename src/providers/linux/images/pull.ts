/**
 * @module
 * From a registry to a tree in the store.
 */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { GloveboxError, isGloveboxError } from "../../../core/errors.ts";
import type { ImageProgress } from "../../../core/image.ts";
import { showText } from "../../../util/show-value.ts";
import { treeFolder, withStaging, type TreeDescription } from "./folders.ts";
import { readLayout, type ImageLayout } from "./layout.ts";
import { ownArchitecture } from "./manifest.ts";
import { writeName } from "./names.ts";
import { removeTree } from "./remove-tree.ts";
import { listRoot } from "./root-entries.ts";
import { fetchImage } from "./skopeo.ts";
import { maxTreeBytes, maxTreeEntries, unpackImage, type StartSandbox } from "./unpack-image.ts";
import { watchDisk, type DiskBounds } from "./watch-disk.ts";

export interface PullImage {
  /** The store's. */
  readonly folder: string;
  /** Whole. */
  readonly name: string;
  /** See `registrySource`. */
  readonly source: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly start: StartSandbox;
}

/** A slow line takes hours for an image of 10 GiB; one that is stuck must end some time. */
const PULL_TIMEOUT_MS = 6 * 60 * 60_000;
/** Layers as they were sent and as they are unpacked, and what others write meanwhile. */
const diskBounds: DiskBounds = { maxBytes: 2 * maxTreeBytes, maxFiles: 2 * maxTreeEntries };

/** An image is fetched once, and unpacked again when others remove it meanwhile. */
const MAX_ATTEMPTS = 3;

/**
 * Fetches an image, unpacks it where its tree is not there yet, and gives that its name.
 *
 * @returns Its id, `sha256:…`.
 * @throws {GloveboxError} See `ImageStore.pull`.
 * @throws The reason of `signal` after its abort.
 */
export async function pullImage(
  pull: PullImage,
  onProgress: (progress: ImageProgress) => void,
  signal: AbortSignal,
): Promise<string> {
  return withStaging(pull.folder, async (staging) => {
    using disk = await watchDisk(staging, diskBounds);
    const timeout = AbortSignal.timeout(PULL_TIMEOUT_MS);
    const any = AbortSignal.any([signal, disk.signal, timeout]);
    try {
      return await fetchAndUnpack(pull, staging, onProgress, any);
    } catch (error) {
      signal.throwIfAborted();
      if (isGloveboxError(error)) throw error;
      // What ended it, and not that it was ended.
      throw unusable(pull.name, any.aborted ? any.reason : error);
    }
  });
}

async function fetchAndUnpack(
  pull: PullImage,
  staging: string,
  onProgress: (progress: ImageProgress) => void,
  signal: AbortSignal,
): Promise<string> {
  const layout = join(staging, "layout");
  const temporary = join(staging, "temporary");
  await mkdir(temporary);
  await fetchImage({ ...pull, layout, temporary }, onProgress, signal);
  const image = await readLayout(layout);
  refuseForeign(image);
  const { folder, name } = pull;
  const target = treeFolder(folder, image.id);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if (!existsSync(target))
      await unpack({ ...pull, image, layout, staging, target }, onProgress, signal);
    await writeName(folder, staging, { name, id: image.id });
    // Who discarded it has not seen the name: see discard-trees.ts.
    if (existsSync(target)) return image.id;
  }
  throw new Error("others remove it again and again");
}

interface Unpack extends Pick<PullImage, "start"> {
  readonly image: ImageLayout;
  /** Where skopeo put it. */
  readonly layout: string;
  readonly staging: string;
  /** The tree's place in the store. */
  readonly target: string;
}

async function unpack(
  { start, image, layout, staging, target }: Unpack,
  onProgress: (progress: ImageProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const tree = join(staging, "tree");
  const rootFolder = join(tree, "rootfs");
  await mkdir(rootFolder, { recursive: true });
  const { layers, env } = image;
  const onLayer = (layer: number): void => {
    onProgress({ text: `Unpacking layer ${layer} of ${layers.length}` });
  };
  const unpacked = await unpackImage({ start, layout, layers, rootFolder, onLayer }, signal);
  const description: TreeDescription = {
    entries: await listRoot(rootFolder),
    env,
    description: image.description,
    sizeBytes: unpacked.bytes,
  };
  await writeFile(join(tree, "image.json"), JSON.stringify(description));
  await publish(tree, target);
}

/** Somebody else may have been faster: one tree of an image is as good as the other. */
async function publish(tree: string, target: string): Promise<void> {
  try {
    await rename(tree, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
    await removeTree(tree);
  }
}

function refuseForeign({ os, architecture }: ImageLayout): void {
  if (os === "linux" && architecture === ownArchitecture) return;
  const machine = showText(`${os}/${architecture}`);
  throw new Error(`it is for ${machine}, and this machine is linux/${ownArchitecture}`);
}

function unusable(name: string, cause: unknown): GloveboxError<"SANDBOX_FAILED"> {
  const reason =
    cause instanceof Error && cause.name !== "$ZodError" && cause.name !== "ZodError"
      ? cause.message
      : "its description is malformed";
  return new GloveboxError(
    "SANDBOX_FAILED",
    `linux: the image \`${name}\` can't be used: ${reason.replace(/\.$/, "")}.`,
    { provider: "linux", step: "unpack an image" },
    { cause },
  );
}
