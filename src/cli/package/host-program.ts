/**
 * @module
 * The program of this machine that a package is for: inside, its name alone could mean the package.
 */
import { basename, dirname } from "node:path";
import { GloveboxError } from "../../core/errors.ts";
import { findProgram } from "../../packages/find-program.ts";
import type { Package } from "../../packages/package.ts";
import { systemPath } from "../../service/environment.ts";

/**
 * @param program A name, a path of the system, or another path inside, which is taken as it is.
 * @throws {GloveboxError} `PROGRAM_NOT_FOUND`
 */
export function findHostProgram(program: string, { name, debian }: Package): string {
  const isOfSystem = program.startsWith("/usr/");
  if (program.includes("/") && !isOfSystem) return program;
  const folders = isOfSystem ? [dirname(program)] : systemPath.split(":");
  const found = findProgram(basename(program), folders);
  if (found !== undefined) return found;
  const remedy =
    debian.length === 0
      ? "Install it, or give the package an image that has it"
      : `Install it: apt-get install ${debian.join(" ")}`;
  throw new GloveboxError(
    "PROGRAM_NOT_FOUND",
    `${name}: \`${basename(program)}\` is not in ${folders.join(", ")}. ${remedy}.`,
    { program, hint: remedy },
  );
}
