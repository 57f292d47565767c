/**
 * @module
 * Who may touch the file of the database: nobody but us.
 */
import { closeSync, lstatSync, mkdirSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { GloveboxError } from "../core/errors.ts";

/**
 * Makes the folder and an empty file in it where they are missing.
 *
 * @returns The path of the file.
 * @throws {GloveboxError} `INVALID_CONFIG` if they can't be made, or if somebody else could write there.
 */
export function prepareDatabaseFile(folder: string): string {
  const path = join(folder, "glovebox.db");
  try {
    // What else is in the folders above may be for others.
    mkdirSync(dirname(folder), { recursive: true, mode: 0o755 });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const status = lstatSync(folder);
    if (!status.isDirectory()) throw invalidState(folder, "it is not a folder");
    checkOwner(folder, status, "700");
    createFile(path);
    const file = lstatSync(path);
    if (!file.isFile()) throw invalidState(path, "it is not a file");
    checkOwner(path, file, "600");
  } catch (error) {
    if (error instanceof GloveboxError) throw error;
    throw invalidState(folder, (error as Error).message, error);
  }
  return path;
}

export function invalidState(
  path: string,
  message: string,
  cause?: unknown,
): GloveboxError<"INVALID_CONFIG"> {
  const issues = [{ path, message }];
  return new GloveboxError("INVALID_CONFIG", `${path}: ${message}.`, { issues }, { cause });
}

/**
 * SQLite would make it readable for all. One that is there is not opened: closing it would give up
 * the locks that another connection of this process has (https://sqlite.org/howtocorrupt.html, 2.2).
 */
function createFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function checkOwner(path: string, status: { uid: number; mode: number }, mode: string): void {
  if (status.uid !== process.geteuid?.()) {
    const remedy = `run this as that user, or give it to this one: \`chown ${process.geteuid?.()} ${path}\``;
    throw invalidState(
      path,
      `it belongs to user ${status.uid}, not to the user of this process; ${remedy}`,
    );
  }
  if ((status.mode & 0o022) !== 0) {
    throw invalidState(path, `others can write to it. Run \`chmod ${mode} ${path}\``);
  }
}
