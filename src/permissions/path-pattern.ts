/**
 * @module
 * Paths in rules: `~/.aws/credentials` is one path, `~/.aws/` a folder and all below.
 */
import { isAbsolute, normalize } from "node:path";

/** PATH_MAX of Linux. */
const MAX_PATH_BYTES = 4096;

/**
 * In canonical form: no `.` or `..`, no doubled `/`, and from `~` where it is in the home folder.
 * Symbolic links are not looked at; `locatePath` does that.
 *
 * @param home Absolute and canonical.
 * @returns Undefined for what is no absolute path, and for one that no file can have.
 */
export function parsePathPattern(text: string, home: string): string | undefined {
  if (text.includes("\0") || Buffer.byteLength(text) >= MAX_PATH_BYTES) return undefined;
  const absolute = expandHome(text, home);
  return isAbsolute(absolute) ? shortenHome(normalize(absolute), home) : undefined;
}

/** `~` and `~/…` as absolute paths; another user's `~name` stays, and is no absolute path. */
export function expandHome(path: string, home: string): string {
  if (path === "~") return home;
  if (!path.startsWith("~/")) return path;
  return home === "/" ? path.slice(1) : `${home}${path.slice(1)}`;
}

/** The opposite of `expandHome`. */
export function shortenHome(path: string, home: string): string {
  if (home === "/") return path;
  if (path === home) return "~";
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

/** Whether a path lies in a folder, or is it. @param folder With or without `/` at its end. */
export function isWithin(path: string, folder: string): boolean {
  const base = folder.endsWith("/") ? folder.slice(0, -1) : folder;
  return path === base || path.startsWith(`${base}/`) || base === "";
}

/** What one pattern covers. @param pattern `path` of a rule. @param path Canonical and absolute. */
export function pathMatches(pattern: string, path: string, home: string): boolean {
  const absolute = expandHome(pattern, home);
  return absolute.endsWith("/") ? isWithin(path, absolute) : path === absolute;
}

/**
 * A path that subjects may have: absolute, and as `realpath` writes it. Not `/`: as a rule that would be
 * all there is, and nobody is to be asked for it.
 */
export function isCanonicalPath(path: string): boolean {
  if (!isAbsolute(path) || path.includes("\0")) return false;
  return normalize(path) === path && !path.endsWith("/");
}
