/**
 * @module
 * Which packages their user has approved, by the hash of their files, outside of all that a sandbox can
 * write. An approved package is kept as it was parsed: to run it again takes no parser.
 */
import { createHash, randomUUID } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GloveboxError } from "../core/errors.ts";
import { checkOwn, prepareOwnFolder } from "../permissions/store-folder.ts";
import type { Package } from "./package.ts";

/** Of another version of this file nothing is read: its package is asked about again. */
const recordVersion = 1;

export interface Approval {
  /** The file of the package, canonical. */
  readonly path: string;
  /** Of its bytes, in hexadecimal. */
  readonly sha256: string;
  /** As its file has it. */
  readonly package: Package;
  /** With what its image says of itself. */
  readonly runnable: Package;
  /** Its text, as it was shown. */
  readonly text: string;
  /** When, in ISO 8601. */
  readonly at: string;
  /** Where `update` looks for a newer one; absent: it was not added from anywhere. */
  readonly source?: PackageSource;
}

export type PackageSource =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "index"; readonly index: string; readonly name: string }
  | { readonly kind: "image"; readonly image: string };

export interface Approvals {
  /** What a file with these bytes may be run as; undefined: it is to be asked about. */
  readonly find: (sha256: string) => Package | undefined;
  /** The last one of this file, whatever it has now. */
  readonly last: (path: string) => Approval | undefined;
  readonly all: () => readonly Approval[];
  /** What was approved of the same file before is not any more. */
  readonly add: (approval: Omit<Approval, "at">) => void;
  /** @returns Whether there was one. */
  readonly remove: (path: string) => boolean;
}

export const hashOf = (content: Uint8Array | string): string =>
  createHash("sha256").update(content).digest("hex");

/** @param stateFolder Of this user: `stateFolder()` of util/user-folders.ts. */
export function openApprovals(stateFolder: string): Approvals {
  const root = join(stateFolder, "packages");
  const contents = join(root, "approved");
  const files = join(root, "files");
  const contentFile = (sha256: string): string => join(contents, `${sha256}.json`);
  const fileFile = (path: string): string => join(files, `${hashOf(path)}.json`);

  const last = (path: string): Approval | undefined =>
    readRecord(fileFile(path)) as Approval | undefined;
  const all = (): readonly Approval[] =>
    namesIn(files)
      .map((name) => readRecord(join(files, name)) as Approval | undefined)
      .filter((found) => found !== undefined)
      .sort((one, other) => (one.path < other.path ? -1 : 1));
  /** Others may have the same bytes. */
  const forgetContent = (sha256: string): void => {
    if (!all().some((each) => each.sha256 === sha256)) rmSync(contentFile(sha256), { force: true });
  };
  return {
    find: (sha256) =>
      (readRecord(contentFile(sha256)) as { package: Package } | undefined)?.package,
    last,
    all,
    add: (approval) => {
      for (const folder of [stateFolder, root, contents, files]) prepareOwnFolder(folder);
      const before = last(approval.path);
      writeRecord(fileFile(approval.path), { ...approval, at: new Date().toISOString() });
      writeRecord(contentFile(approval.sha256), { package: approval.runnable });
      if (before !== undefined && before.sha256 !== approval.sha256) forgetContent(before.sha256);
    },
    remove: (path) => {
      const before = last(path);
      if (before === undefined) return false;
      rmSync(fileFile(path), { force: true });
      forgetContent(before.sha256);
      return true;
    },
  };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /^[0-9a-f]{64}\.json$/.test(name));
  } catch {
    return [];
  }
}

/**
 * @returns Undefined where there is none, or one of another version.
 * @throws {GloveboxError} `INVALID_CONFIG` where it is broken, or others could have written it.
 */
function readRecord(file: string): object | undefined {
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
  checkOwn(file, "file");
  let record: { readonly v?: unknown } | null;
  try {
    record = JSON.parse(readFileSync(file, "utf8")) as typeof record;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    const message = `is broken: ${(error as Error).message}`;
    throw new GloveboxError("INVALID_CONFIG", `${file}: ${message}. Delete it to be asked again.`, {
      issues: [{ path: file, message }],
    });
  }
  return record?.v === recordVersion ? record : undefined;
}

/** Whole or not at all. */
function writeRecord(file: string, record: object): void {
  const temporary = `${file}.${randomUUID()}`;
  try {
    writeFileSync(temporary, JSON.stringify({ v: recordVersion, ...record }), {
      mode: 0o600,
      flag: "wx",
    });
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}
