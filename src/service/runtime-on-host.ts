/**
 * @module
 * Whether this host has a language: by looks at files, a hundredth of a sandbox each.
 */
import { existsSync } from "node:fs";
import type { LoadedLanguage } from "../core/language.ts";
import { hasOnHost } from "./lent-programs.ts";

/**
 * Whether all is there that the language's data names: what its commands start, and the files that its
 * version command is given. A program that others bring too, like `java`, says nothing by itself.
 *
 * @param hasProgram Whether a sandbox has a program of this name.
 */
export function isOnThisHost(
  language: LoadedLanguage,
  hasProgram: (program: string) => boolean = (program) => hasOnHost(language, program),
): boolean {
  const { compile = [], run, version } = language;
  const programs = new Set([version.argv, ...compile, run].flatMap(([program]) => program ?? []));
  // With a folder it is what is compiled.
  const isThere = (program: string): boolean => program.includes("/") || hasProgram(program);
  return [...programs].every(isThere) && neededFiles(language).every((path) => existsSync(path));
}

/** A sandbox sees them where they are on this host. */
function neededFiles({ version }: LoadedLanguage): readonly string[] {
  return version.argv.filter((word) => word.startsWith("/"));
}
