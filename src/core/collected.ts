/**
 * @module
 * Files that commands left in a sandbox, on their way out.
 */
import { invalidRequest } from "./errors.ts";
import { parseFilePath } from "./file-path.ts";
import type { SandboxFile } from "./sandbox.ts";

export interface CollectRequest {
  /**
   * Files, and folders with all below them; relative to the workspace, see `parseFilePath`; `.` is all
   * of it. At most 1,000. What is not there is no error.
   */
  readonly paths: readonly string[];
  readonly maxFiles: number;
  /** Of the contents of all files together. */
  readonly maxBytes: number;
}

/**
 * `special`: neither file nor folder: a pipe, a socket, a device. `link`: symbolic; none is followed.
 * `tooLarge`: larger than what `maxBytes` left. `unreadable`: the program itself could not read it.
 * `name`: one that `parseFilePath` refuses; of a folder, nothing below it was looked at.
 */
export type SkipReason = "special" | "link" | "tooLarge" | "unreadable" | "name";

export interface SkippedPath {
  /** For people: what is not UTF-8 and control characters are U+FFFD. Relative to the workspace. */
  readonly path: string;
  readonly reason: SkipReason;
}

export interface CollectedFiles {
  /** Sorted by path, each there once; none is also a folder of another. Empty folders don't show. */
  readonly files: readonly Required<SandboxFile>[];
  /** The first `maxSkippedPaths`. */
  readonly skipped: readonly SkippedPath[];
  /** False where a bound left something out: of the request, or on what is looked at in one go. */
  readonly isComplete: boolean;
}

export const maxSkippedPaths = 1000;
/** Files, folders and others that are looked at, found below the requested paths. */
export const maxPathsLookedAt = 100_000;
/** Of one `collect`; then it fails. */
export const collectWallTimeMs = 10_000;

const MAX_REQUESTED_PATHS = 1000;

/**
 * The requested paths without those that lie in another one; refuses what can't be asked for.
 *
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function pathsToCollect({ paths, maxFiles, maxBytes }: CollectRequest): readonly string[] {
  for (const [name, value] of Object.entries({ maxFiles, maxBytes })) {
    if (!Number.isSafeInteger(value) || value < 0) throw invalidRequest(name, "is no bound");
  }
  if (paths.length > MAX_REQUESTED_PATHS) {
    throw invalidRequest("paths", `more than ${MAX_REQUESTED_PATHS} paths to collect`);
  }
  for (const path of paths) {
    if (path === ".") continue;
    const parsed = parseFilePath(path);
    if (!parsed.ok) throw invalidRequest("paths", `${JSON.stringify(path)} ${parsed.reason}`);
  }
  const wanted = new Set(paths);
  if (wanted.has(".")) return ["."];
  return [...wanted].filter((path) => !foldersOf(path).some((folder) => wanted.has(folder)));
}

/** Of `a/b/c`: `a` and `a/b`. */
export function foldersOf(path: string): readonly string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}
