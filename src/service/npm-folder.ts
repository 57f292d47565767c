/**
 * @module
 * What `glovebox languages install` brought by npm: a folder a language below this user's data, which
 * appears and goes as a whole.
 */
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LoadedLanguage } from "../core/language.ts";
import { isExecutable } from "../util/is-executable.ts";
import { dataFolder } from "../util/user-folders.ts";

/** The folder's description of itself. */
export const npmDescriptionFile = "glovebox.json";

/** What a language's description says. */
export interface NpmDescription {
  /** All of them, with the exact versions. */
  readonly packages: readonly { readonly name: string; readonly version: string }[];
  readonly sizeBytes: number;
}

/** Where they all lie; undefined for a user without a home. */
export function npmFolder(env: NodeJS.ProcessEnv): string | undefined {
  const data = dataFolder(env);
  return data === undefined ? undefined : join(data, "npm");
}

/**
 * A language's folder, absolute; undefined where it is not installed by npm, or where others could
 * change what this user runs: with sudo the home folder may be somebody else's. Of each run, so without
 * a promise.
 */
export function findNpmFolder(
  { id, install }: Pick<LoadedLanguage, "id" | "install">,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  if (install.npm === undefined) return undefined;
  const all = npmFolder(env);
  if (all === undefined) return undefined;
  const folder = join(all, id);
  return [all, folder].every(isOurs) ? folder : undefined;
}

/** The program's path in what `findNpmFolder` found; undefined where that has none of this name. */
export function npmProgram(folder: string, name: string): string | undefined {
  const path = join(folder, "bin", name);
  return isExecutable(path) ? path : undefined;
}

/** @throws {Error} Where the folder is gone, or not one of ours. */
export function readNpmDescription(folder: string): NpmDescription {
  return JSON.parse(readFileSync(join(folder, npmDescriptionFile), "utf8")) as NpmDescription;
}

function isOurs(folder: string): boolean {
  const status = lstatSync(folder, { throwIfNoEntry: false });
  if (status === undefined || !status.isDirectory()) return false;
  return status.uid === process.geteuid?.() && (status.mode & 0o022) === 0;
}
