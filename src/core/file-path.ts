/**
 * @module
 * The one rule for names of files that callers send. Everything that writes such a file relies on it.
 */

/** PATH_MAX leaves room for the folder in front; NAME_MAX is 255 on every Linux file system. */
const MAX_PATH_BYTES = 1024;
const MAX_NAME_BYTES = 255;
const MAX_DEPTH = 32;

export type FilePathResult =
  { readonly ok: true; readonly path: string } | { readonly ok: false; readonly reason: string };

/**
 * Checks a relative, `/`-separated file path: no leading `/`, no empty, `.` or `..` part, no control
 * character, also none that turns the direction of writing, at most 1,024 bytes, 255 a part, 32 parts.
 */
export function parseFilePath(path: string): FilePathResult {
  const reason = findFault(path);
  return reason === undefined ? { ok: true, path } : { ok: false, reason };
}

function findFault(path: string): string | undefined {
  if (path.length === 0) return "is empty";
  if (bytesOf(path) > MAX_PATH_BYTES) return `is longer than ${MAX_PATH_BYTES} bytes`;
  // They only serve to deceive a reader of logs and terminals.
  if (/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u.test(path)) return "has a control character";
  if (!path.isWellFormed()) return "is not well-formed Unicode";
  if (path.startsWith("/")) return "is absolute";
  const parts = path.split("/");
  if (parts.length > MAX_DEPTH) return `has more than ${MAX_DEPTH} parts`;
  for (const part of parts) {
    if (part === "") return "has an empty part";
    if (part === "." || part === "..") return `has a part \`${part}\``;
    if (bytesOf(part) > MAX_NAME_BYTES) {
      return `has a part longer than ${MAX_NAME_BYTES} bytes`;
    }
  }
  return undefined;
}

/** Not `Buffer`: the page asks by the same rule. */
const bytesOf = (text: string): number => new TextEncoder().encode(text).length;
