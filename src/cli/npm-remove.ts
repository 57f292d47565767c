/**
 * @module
 * Takes away what npm brought of a language.
 */
import { rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { LoadedLanguage } from "../core/language.ts";
import { isOnHost } from "../service/lent-programs.ts";
import { findNpmFolder, readNpmDescription } from "../service/npm-folder.ts";
import { withWorkFolder } from "./debian-tree/work-folder.ts";

/** @returns The bytes that it freed; undefined where there was nothing. */
export async function removeNpmLanguage(
  language: LoadedLanguage,
  env: NodeJS.ProcessEnv,
): Promise<number | undefined> {
  const folder = findNpmFolder(language, env);
  if (folder === undefined) return undefined;
  const sizeBytes = sizeOf(folder);
  // At once for who looks, however long the files take to go.
  await withWorkFolder({ ...env, TMPDIR: dirname(folder) }, false, (work) =>
    rename(folder, join(work, "old")),
  );
  return sizeBytes ?? 0;
}

/** What takes up space for the runtime that sandboxes use; undefined where that is not npm's. */
export function npmSizeBytes(language: LoadedLanguage): number | undefined {
  const folder = findNpmFolder(language);
  return folder === undefined || isOnHost(language.version.argv[0] ?? "")
    ? undefined
    : sizeOf(folder);
}

/** Undefined where the folder does not say. */
function sizeOf(folder: string): number | undefined {
  try {
    return readNpmDescription(folder).sizeBytes;
  } catch {
    return undefined;
  }
}
