/**
 * @module
 * Where a package comes from: a file, an index, an image.
 */
import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { invalidRequest } from "../../core/errors.ts";
import type { PackageSource } from "../../packages/approvals.ts";
import { checkOut, isRepository } from "../../packages/git-index.ts";
import { readIndex, type IndexedPackage } from "../../packages/indexes.ts";
import { showName } from "../../permissions/show-untrusted.ts";
import { printNote } from "../print.ts";
import { parseCandidate } from "./approve.ts";
import { packageOfImage } from "./package-image.ts";
import { ownIndex } from "./package-places.ts";
import type { PackageFlags } from "./package-work.ts";
import { readPackageText } from "./run-package.ts";

export interface Source {
  /** Of the file to be. */
  readonly name: string;
  readonly text: string;
  readonly source: PackageSource;
}

/** `--image` says that the word is an image. */
export interface AddFlags extends PackageFlags {
  readonly image?: boolean;
  readonly name?: string;
}

export async function findSource(
  word: string,
  flags: AddFlags,
  signal: AbortSignal,
): Promise<Source> {
  if (flags.image === true) return packageOfImage(word, signal);
  // A file of that name may lie in any folder: it has to be meant.
  if (word.includes("/")) return sourceOfFile(word);
  const { packages } = await readIndexes(flags, signal);
  const found = packages.find(({ name }) => name === word);
  if (found !== undefined) return sourceOfIndex(found);
  throw invalidRequest(
    "PACKAGE",
    `no index has a package \`${word}\`. \`glovebox package search\` lists them; a file is \`./${word}\`, an image \`--image ${word}\`.`,
  );
}

function sourceOfFile(word: string): Source {
  const text = readPackageText(word);
  const path = realpathSync(word);
  const { name } = parseCandidate({ path, name: word, text });
  return { name, text, source: { kind: "file", path } };
}

const sourceOfIndex = ({ index, name, text }: IndexedPackage): Source => ({
  ...{ name, text },
  source: { kind: "index", index, name },
});

interface Indexed {
  readonly packages: readonly IndexedPackage[];
}

/** Of all that were named, those that come with Glovebox last: the first of a name is meant. */
export async function readIndexes(
  { index = [] }: PackageFlags,
  signal: AbortSignal,
): Promise<Indexed> {
  const packages: IndexedPackage[] = [];
  for (const each of [...index, ownIndexName]) packages.push(...(await readOneIndex(each, signal)));
  return { packages };
}

/** In what is remembered: its folder may move with an update of Glovebox. */
const ownIndexName = "glovebox";

async function readOneIndex(
  index: string,
  signal: AbortSignal,
): Promise<readonly IndexedPackage[]> {
  if (isRepository(index)) {
    await using checkout = await checkOut(index, signal);
    return readFolder(checkout.folder, index);
  }
  const folder = index === ownIndexName ? ownIndex() : resolve(index);
  return readFolder(folder, index === ownIndexName ? index : folder);
}

function readFolder(folder: string, index: string): readonly IndexedPackage[] {
  let read: ReturnType<typeof readIndex>;
  try {
    read = readIndex(folder, index);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw invalidRequest("--index", `\`${index}\` can't be read: ${code ?? message}.`);
  }
  for (const { file, message } of read.faults) printNote(`left out ${showName(file)}: ${message}`);
  return read.packages;
}

/** As it is there now. @throws {GloveboxError} */
export async function sourceAgain(
  source: PackageSource | undefined,
  signal: AbortSignal,
): Promise<Source> {
  switch (source?.kind) {
    case "file":
      return sourceOfFile(source.path);
    case "image":
      return packageOfImage(source.image, signal);
    case "index": {
      const packages = await readOneIndex(source.index, signal);
      const found = packages.find(({ name }) => name === source.name);
      if (found !== undefined) return sourceOfIndex(found);
      throw invalidRequest(
        "PACKAGE",
        `${source.index} has no package \`${source.name}\` any more.`,
      );
    }
    case undefined:
      throw invalidRequest("PACKAGE", "it was not added from anywhere.");
  }
}
