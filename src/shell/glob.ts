/**
 * @module
 * Names of files that fit a pattern.
 */
import { lstat, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { invalidRequest } from "../core/errors.ts";
import { hasPattern, patternOf, unquotePattern } from "./pattern.ts";

/** A line with more words could not be run either. */
const maxNames = 100_000;

export interface GlobPlace {
  /** Where relative patterns start. */
  readonly folder: string;
  /** Whether names in this folder may be looked at. */
  readonly isVisible: (folder: string) => boolean;
}

/**
 * Sorted; empty where nothing fits.
 *
 * @param pattern With `\` before what is meant as it is.
 * @throws {GloveboxError} `INVALID_REQUEST` for more names than a command can take.
 */
export async function glob(pattern: string, place: GlobPlace): Promise<readonly string[]> {
  const parts = pattern.split("/");
  const isAbsolute = parts[0] === "" && parts.length > 1;
  let found: readonly string[] = [isAbsolute ? "/" : ""];
  const steps = isAbsolute ? parts.slice(1) : parts;
  for (const [index, part] of steps.entries()) {
    const isLast = index === steps.length - 1;
    const next: string[] = [];
    for (const start of found) {
      next.push(...(await namesIn(start, part, isLast, place)));
      if (next.length > maxNames) throw tooMany(pattern);
    }
    found = next;
  }
  return found;
}

async function namesIn(
  start: string,
  part: string,
  isLast: boolean,
  { folder, isVisible }: GlobPlace,
): Promise<readonly string[]> {
  const place = join(folder, start.startsWith("/") ? "/" : "", start);
  const at = start.startsWith("/") ? start : place;
  if (!hasPattern(part)) {
    const way = start + unquotePattern(part);
    if (!isLast) return [`${way}/`];
    if (part === "") return (await isFolder(at)) ? [way] : [];
    return (await exists(join(at, unquotePattern(part)))) ? [way] : [];
  }
  if (!isVisible(at)) return [];
  const entries = await readdir(at, { withFileTypes: true }).catch(() => []);
  const expression = patternOf(part);
  const fitting = entries.filter(
    ({ name }) => expression.test(name) && (part.startsWith(".") || !name.startsWith(".")),
  );
  const names = fitting
    .filter((entry) => isLast || entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .sort();
  return names.map((name) => `${start}${name}${isLast ? "" : "/"}`);
}

const exists = async (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

const isFolder = async (path: string): Promise<boolean> =>
  stat(path).then(
    (it) => it.isDirectory(),
    () => false,
  );

const tooMany = (pattern: string) =>
  invalidRequest(`\`${pattern}\``, `stands for more than ${maxNames} names. Name fewer.`);
