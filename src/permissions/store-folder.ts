/**
 * @module
 * Who may touch what is remembered: nobody but this user.
 */
import { lstatSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { GloveboxError } from "../core/errors.ts";

/** @throws {GloveboxError} `INVALID_CONFIG` if it can't be made, or somebody else could write there. */
export function prepareOwnFolder(folder: string): void {
  try {
    mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw invalidStore(folder, (error as Error).message);
  }
  checkOwn(folder, "folder");
}

/** @throws {GloveboxError} `INVALID_CONFIG` where it is of another kind or another user, or open to others. */
export function checkOwn(path: string, kind: "file" | "folder"): void {
  const status = lstatSync(path);
  const isKind = kind === "file" ? status.isFile() : status.isDirectory();
  if (!isKind) throw invalidStore(path, `it is not a ${kind}`);
  if (status.uid !== process.geteuid?.()) {
    throw invalidStore(path, `it belongs to user ${status.uid}, not to the user of this process`);
  }
  if ((status.mode & 0o022) !== 0) {
    const mode = kind === "file" ? "600" : "700";
    throw invalidStore(path, `others can write to it. Run \`chmod ${mode} ${path}\``);
  }
}

function invalidStore(path: string, message: string): GloveboxError<"INVALID_CONFIG"> {
  const issues = [{ path, message }];
  return new GloveboxError("INVALID_CONFIG", `${path}: ${message}.`, { issues });
}
