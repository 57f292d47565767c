/**
 * @module
 * Where packages are found by name: folders of package files, and git repositories of them.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Package } from "./package.ts";
import { kindOfPackage, maxPackageBytes, parsePackage } from "./parse-package.ts";

export interface IndexedPackage {
  /** The index, as its user names it. */
  readonly index: string;
  /** Of its file. */
  readonly name: string;
  readonly text: string;
  readonly package: Package;
}

export interface PackageFault {
  readonly file: string;
  readonly message: string;
}

/** Of one index; more are not looked at. */
const MAX_FILES = 10_000;

/**
 * All packages of a folder, or of the folder `packages` in it.
 *
 * @param index What to call it.
 * @throws {Error} Where there is no such folder.
 */
export function readIndex(
  folder: string,
  index: string,
): { readonly packages: readonly IndexedPackage[]; readonly faults: readonly PackageFault[] } {
  const names = readdirSync(folder, { withFileTypes: true }).slice(0, MAX_FILES);
  const inner = names.find((each) => each.name === "packages" && each.isDirectory());
  if (inner !== undefined) return readIndex(join(folder, inner.name), index);
  const packages: IndexedPackage[] = [];
  const faults: PackageFault[] = [];
  for (const { name } of names.filter((each) => each.isFile()).sort(byName)) {
    const file = join(folder, name);
    try {
      const text = readRegular(file);
      if (text === undefined || kindOfPackage(text) === undefined) continue;
      packages.push({ index, name, text, package: parsePackage(text, { origin: file, name }) });
    } catch (error) {
      faults.push({ file, message: (error as Error).message });
    }
  }
  return { packages, faults };
}

const byName = (one: { name: string }, other: { name: string }): number =>
  one.name < other.name ? -1 : 1;

/** Undefined for what is no file of a usual size. A stranger's repository may have links and pipes. */
function readRegular(file: string): string | undefined {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const status = fstatSync(fd);
    return status.isFile() && status.size <= maxPackageBytes ? readFileSync(fd, "utf8") : undefined;
  } finally {
    closeSync(fd);
  }
}

/** Those whose name or description has all of the words. */
export function searchPackages(
  packages: readonly IndexedPackage[],
  words: readonly string[],
): readonly IndexedPackage[] {
  const wanted = words.map((word) => word.toLowerCase());
  return packages.filter(({ package: { name, description } }) => {
    const text = `${name} ${description}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}
