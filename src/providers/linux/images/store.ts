/**
 * @module
 * The images of the linux provider: trees that sandboxes share, read-only.
 */
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { GloveboxError } from "../../../core/errors.ts";
import {
  makeCommand,
  refuseMadeHere,
  type ImageDescription,
  type ImageProgress,
  type ImageStore,
  type StoredImage,
} from "../../../core/image.ts";
import { discardTree, discardUnusedTree, sweepTrees } from "./discard-trees.ts";
import {
  checkFolder,
  sweepStaging,
  treeFolder,
  type ImageTree,
  type TreeDescription,
} from "./folders.ts";
import { nameFile, readJson, readName, readNames } from "./names.ts";
import type { PullImage } from "./pull.ts";
import { localSource, registrySource, wholeName } from "./reference.ts";
import { tryAll } from "./try-all.ts";
import type { StartSandbox } from "./unpack-image.ts";

export interface LinuxImages extends Required<Omit<ImageStore, "build">> {
  /** @throws {GloveboxError} `IMAGE_NOT_FOUND` */
  open(name: string): Promise<ImageTree>;
  /** Removes what killed owners left. */
  sweep(signal?: AbortSignal): Promise<void>;
}

export interface ImageStoreOptions {
  /** Absolute; undefined: this user has no place for it. */
  readonly folder: string | undefined;
  /** See `FetchImage`. */
  readonly env: NodeJS.ProcessEnv;
  readonly start: StartSandbox;
}

export function createImages({ folder, env, start }: ImageStoreOptions): LinuxImages {
  const place = (): string => folder ?? noPlace();
  const isThere = (): boolean => folder !== undefined && checkFolder(folder);

  const find = async (name: string): Promise<Found | undefined> =>
    isThere() ? findTree(place(), wholeName(name)) : undefined;

  const fetch = async (
    name: string,
    source: readonly string[],
    onProgress: (progress: ImageProgress) => void,
    signal: AbortSignal,
  ): Promise<void> => {
    // Only who fetches an image pays for what reads one.
    const { pullImage } = await import("./pull.ts");
    const pull: PullImage = { folder: place(), name: wholeName(name), source, env, start };
    const before = isThere() ? await readName(pull.folder, pull.name) : undefined;
    const id = await pullImage(pull, onProgress, signal);
    if (before === undefined || before.id === id) return;
    // The image is there. What is left of the old one is for the next sweep.
    await discardUnusedTree(pull.folder, before.id, signal).catch(() => undefined);
  };

  return {
    open: async (name) => {
      const found = await find(name);
      if (found === undefined) throw imageNotFound(name);
      return found.tree;
    },
    find: async (name) => {
      const found = await find(name);
      return found === undefined ? undefined : storedImage(name, found);
    },
    describe: async (name) => (await find(name))?.description,
    list: async () => {
      if (!isThere()) return [];
      const names = await readNames(place());
      const found = await Promise.all(
        names.map(async ({ name }) => {
          const tree = await findTree(place(), name);
          return tree === undefined ? [] : [storedImage(shortName(name), tree)];
        }),
      );
      return found.flat().sort((left, right) => (left.name < right.name ? -1 : 1));
    },
    pull: async (name, onProgress, signal) => {
      const whole = wholeName(name);
      refuseMadeHere(whole, "linux");
      await fetch(whole, registrySource(whole), onProgress, signal);
    },
    load: (name, source, onProgress, signal) =>
      fetch(name, localSource(source), onProgress, signal),
    remove: async (name, signal) => isThere() && removeImage(place(), wholeName(name), signal),
    sweep: async (signal) => {
      if (!isThere()) return;
      await tryAll([sweepStaging, sweepTrees], (sweep) => sweep(place(), signal));
    },
  };
}

interface Found {
  readonly id: string;
  readonly tree: ImageTree;
  readonly description: ImageDescription | undefined;
  readonly sizeBytes: number;
}

const storedImage = (name: string, { id, sizeBytes }: Found): StoredImage => {
  return { name, id, sizeBytes };
};

async function findTree(folder: string, name: string): Promise<Found | undefined> {
  const named = await readName(folder, name);
  if (named === undefined) return undefined;
  const path = treeFolder(folder, named.id);
  const described = await readJson<TreeDescription>(join(path, "image.json"));
  if (described === undefined) return undefined;
  const { entries, env, sizeBytes, description } = described;
  return {
    id: named.id,
    sizeBytes,
    description,
    tree: { rootFolder: join(path, "rootfs"), entries, env },
  };
}

/**
 * The tree goes with its last name. A program that runs in it loses its files.
 *
 * @param signal See `discardTree`: the name goes in any case.
 */
async function removeImage(folder: string, name: string, signal: AbortSignal): Promise<boolean> {
  const named = await readName(folder, name);
  if (named === undefined) return false;
  await unlink(nameFile(folder, name)).catch(() => undefined);
  await discardTree(folder, named.id, signal);
  return true;
}

/** As people write it: all that is left out is what `wholeName` puts there. */
function shortName(name: string): string {
  const short = name.replace(/^docker\.io\/(library\/)?/, "");
  return wholeName(short) === name ? short : name;
}

function imageNotFound(image: string): GloveboxError<"IMAGE_NOT_FOUND"> {
  const hint = makeCommand(image, "linux") ?? `glovebox images pull ${image} --provider linux`;
  return new GloveboxError(
    "IMAGE_NOT_FOUND",
    `linux: the image \`${image}\` is not on this host. Get it: ${hint}`,
    { image, hint },
  );
}

function noPlace(): never {
  const hint = "Set XDG_DATA_HOME to a folder of this user";
  throw new GloveboxError(
    "PROVIDER_UNAVAILABLE",
    `linux: there is no place for images: this user has no home folder. ${hint}.`,
    { provider: "linux", hint },
  );
}
