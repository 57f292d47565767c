/**
 * @module
 * What a program changed in its copy of a folder, on its way out. The folder itself is untouched.
 *
 * Names of files are bytes. A `BytePath` has them as Latin-1 text, one character a byte, relative to the
 * folder and `/`-separated: so it can be cut, compared and be a key, and is never to be shown as it is.
 */

export type BytePath = string;

/**
 * `special`: a pipe, a socket, a device. `tooLarge`: more than is taken out in one go. `unreadable`: the
 * program itself could not read it any more. `name`: too long or too deep.
 */
export type LeftOutReason = "special" | "tooLarge" | "unreadable" | "name";

export type CopiedThing =
  | {
      readonly kind: "folder";
      /** Empty for the folder itself. */
      readonly path: BytePath;
      readonly mode: number;
      /** Nothing that was there before shows in it. */
      readonly isFresh: boolean;
    }
  /** Its content follows. */
  | { readonly kind: "file"; readonly path: BytePath; readonly mode: number }
  | { readonly kind: "link"; readonly path: BytePath; readonly target: BytePath }
  /** What was there is not any more. */
  | { readonly kind: "gone"; readonly path: BytePath }
  | { readonly kind: "leftOut"; readonly path: BytePath; readonly reason: LeftOutReason };

/** Takes the changes, a folder before what is in it; each path comes once. */
export interface ChangeSink {
  readonly take: (thing: CopiedThing) => void;
  /** More of the content of the last file. */
  readonly takeContent: (bytes: Buffer) => void;
  /** Its end, where it could be read to it; a file without one counts as unreadable. */
  readonly endFile: (state: "whole" | "unreadable") => void;
}

export interface ChangesRequest {
  /** Of the contents of all files together. */
  readonly maxBytes: number;
  readonly sink: ChangeSink;
}

/** Files, folders, links and what is gone. */
export const maxChangeEntries = 200_000;
export const maxChangePathBytes = 4095;
export const maxChangeDepth = 64;
/** Of one `readChanges`; then it fails. */
export const changesWallTimeMs = 120_000;

/** A wrong path would lead somewhere else: no empty, `.` or `..` part, nor NUL; the top is empty. */
export function isBytePath(path: BytePath): boolean {
  if (path === "") return true;
  const parts = path.split("/");
  if (path.length > maxChangePathBytes || parts.length > maxChangeDepth) return false;
  return !path.includes("\0") && parts.every((part) => !["", ".", ".."].includes(part));
}

/** Of `a/b/c`: `a/b`; of `a`: the top. */
export const folderOf = (path: BytePath): BytePath =>
  path.slice(0, Math.max(path.lastIndexOf("/"), 0));
