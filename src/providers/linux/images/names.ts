/**
 * @module
 * The files of `names/`: which tree a name means.
 */
import { createHash } from "node:crypto";
import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

interface Name {
  /** Whole. */
  readonly name: string;
  /** `sha256:…`, of the manifest. */
  readonly id: string;
}

/** A name may be longer than a file's name, and has slashes. */
export function nameFile(folder: string, name: string): string {
  return join(folder, "names", `${createHash("sha256").update(name).digest("hex")}.json`);
}

/** Undefined where nothing has this name. */
export async function readName(folder: string, name: string): Promise<Name | undefined> {
  return readJson<Name>(nameFile(folder, name));
}

export async function readNames(folder: string): Promise<readonly Name[]> {
  const files = await readdir(join(folder, "names")).catch(() => []);
  const names = files.map((file) => readJson<Name>(join(folder, "names", file)));
  return (await Promise.all(names)).filter((name) => name !== undefined);
}

/** @param staging Where it is written before it appears. */
export async function writeName(folder: string, staging: string, named: Name): Promise<void> {
  const written = join(staging, "name.json");
  await writeFile(written, JSON.stringify(named));
  await rename(written, nameFile(folder, named.name));
}

/** Undefined where there is no such file: somebody may remove it at any time. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
