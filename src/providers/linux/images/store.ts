/**
 * @module
 * The images of the linux provider: trees that sandboxes share, read-only.
 */
import { createHash } from "node:crypto";
import { readdir, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GloveboxError } from "../../../core/errors.ts";
import type { ImageProgress, ImageStore, StoredImage } from "../../../core/image.ts";
import {
  checkFolder,
  discard,
  sweepStaging,
  treeFolder,
  withStaging,
  type ImageTree,
  type TreeDescription,
} from "./folders.ts";
import type { PullImage } from "./pull.ts";
import { localSource, registrySource, wholeName } from "./reference.ts";
import type { StartSandbox } from "./unpack-image.ts";

interface Name {
  readonly name: string;
  /** `sha256:…`, of the manifest. */
  readonly id: string;
}

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
    const id = await pullImage(pull, onProgress, signal);
    await writeName(place(), { name: wholeName(name), id });
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
    pull: (name, onProgress, signal) =>
      fetch(name, registrySource(wholeName(name)), onProgress, signal),
    load: (name, source, onProgress, signal) =>
      fetch(name, localSource(source), onProgress, signal),
    remove: async (name) => isThere() && removeImage(place(), wholeName(name)),
    sweep: async (signal) => {
      if (isThere()) await sweepStaging(place(), signal);
    },
  };
}

interface Found {
  readonly id: string;
  readonly tree: ImageTree;
  readonly sizeBytes: number;
}

const storedImage = (name: string, { id, sizeBytes }: Found): StoredImage => {
  return { name, id, sizeBytes };
};

async function findTree(folder: string, name: string): Promise<Found | undefined> {
  const named = await readJson<Name>(nameFile(folder, name));
  if (named === undefined) return undefined;
  const path = treeFolder(folder, named.id);
  const described = await readJson<TreeDescription>(join(path, "image.json"));
  if (described === undefined) return undefined;
  const { entries, env, sizeBytes } = described;
  return { id: named.id, sizeBytes, tree: { rootFolder: join(path, "rootfs"), entries, env } };
}

/** A name may be longer than a file's name, and has slashes. */
function nameFile(folder: string, name: string): string {
  return join(folder, "names", `${createHash("sha256").update(name).digest("hex")}.json`);
}

async function writeName(folder: string, named: Name): Promise<void> {
  await withStaging(folder, async (staging) => {
    const written = join(staging, "name.json");
    await writeFile(written, JSON.stringify(named));
    await rename(written, nameFile(folder, named.name));
  });
}

async function readNames(folder: string): Promise<readonly Name[]> {
  const files = await readdir(join(folder, "names")).catch(() => []);
  const names = files.map((file) => readJson<Name>(join(folder, "names", file)));
  return (await Promise.all(names)).filter((name) => name !== undefined);
}

/** The tree goes with its last name. A program that runs in it loses its files. */
async function removeImage(folder: string, name: string): Promise<boolean> {
  const named = await readJson<Name>(nameFile(folder, name));
  if (named === undefined) return false;
  await unlink(nameFile(folder, name)).catch(() => undefined);
  const others = await readNames(folder);
  if (!others.some(({ id }) => id === named.id))
    await discard(folder, treeFolder(folder, named.id));
  return true;
}

/** Undefined where there is no such file: somebody may remove it at any time. */
async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** As people write it. */
function shortName(name: string): string {
  return name.replace(/^docker\.io\/(library\/)?/, "");
}

function imageNotFound(image: string): GloveboxError<"IMAGE_NOT_FOUND"> {
  const hint = `glovebox images pull ${image} --provider linux`;
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
