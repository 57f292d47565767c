/**
 * @module
 * Where packages are installed, and which file a word means.
 */
import { accessSync, constants, existsSync, lstatSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, join, resolve } from "node:path";
import { invalidRequest } from "../../core/errors.ts";
import type { Approvals } from "../../packages/approvals.ts";
import { kindOfPackage, maxPackageBytes } from "../../packages/parse-package.ts";
import { showName } from "../../permissions/show-untrusted.ts";
import { readBoundedFile } from "../../util/read-bounded-file.ts";
import { packageFolder } from "../../util/package-folder.ts";

/** The packages that come with Glovebox. */
export const ownIndex = (): string => join(packageFolder(), "packages");

/** On the PATH of most: `/usr/local/bin` for root, `~/.local/bin` for all others. */
export function installFolder(into: string | undefined): string {
  if (into !== undefined) return resolve(into);
  return process.getuid?.() === 0 ? "/usr/local/bin" : join(homedir(), ".local/bin");
}

export const isOnPath = (folder: string): boolean =>
  (process.env["PATH"] ?? "").split(delimiter).some((each) => resolve(each) === resolve(folder));

/**
 * The file that is meant by a path, or by the name of a package that was approved or installed.
 *
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function findPackageFile(word: string, approvals: Approvals): string {
  const known = word.includes("/")
    ? undefined
    : approvals.all().find(({ path }) => basename(path) === word && existsSync(path))?.path;
  const file = known ?? resolve(word);
  try {
    return realpathSync(file);
  } catch {
    throw invalidRequest(
      "PACKAGE",
      `there is no package \`${word}\` here. \`glovebox package list\` has those that are installed, \`glovebox package search\` those that you can add.`,
    );
  }
}

/** Whether a package lies there, and not a program that was put in its place since. */
export function isPackageFile(file: string): boolean {
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile() !== true) return false;
  try {
    return kindOfPackage(readBoundedFile(file, maxPackageBytes)) !== undefined;
  } catch {
    return false;
  }
}

/** @throws {GloveboxError} `INVALID_REQUEST` for something that was there before. */
export function refuseOverwriting(file: string, approvals: Approvals): void {
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return;
  if (approvals.last(file) !== undefined && isPackageFile(file)) return;
  throw invalidRequest(
    "--into",
    `\`${file}\` is there already, and is no package that you added. Remove it, or choose another folder.`,
  );
}

export function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** @throws {GloveboxError} `INVALID_REQUEST` for what a shell could not call, or a path. */
export function checkName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9+._-]*$/.test(name)) return;
  throw invalidRequest("--name", `${showName(name)} is no name for a command.`);
}
