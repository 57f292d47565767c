/**
 * @module
 * The program of this machine that a package is for. The package may well have its name, and come first
 * on the PATH: inside it would only find itself.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { GloveboxError } from "../../core/errors.ts";
import type { Package } from "../../packages/package.ts";
import { systemPath } from "../../service/environment.ts";
import { isExecutable } from "../../util/is-executable.ts";

/**
 * @param program A name, or a path inside, which is taken as it is.
 * @throws {GloveboxError} `PROGRAM_NOT_FOUND`
 */
export function findHostProgram(program: string, { name, debian }: Package): string {
  if (program.includes("/")) return program;
  const found = systemPath
    .split(":")
    .map((folder) => join(folder, program))
    .find((path) => isExecutable(path) && !isPackage(path));
  if (found !== undefined) return found;
  const remedy =
    debian.length === 0
      ? "Install it, or give the package an image that has it"
      : `Install it: apt-get install ${debian.join(" ")}`;
  throw new GloveboxError(
    "PROGRAM_NOT_FOUND",
    `${name}: \`${program}\` is in none of ${systemPath.replaceAll(":", ", ")}. ${remedy}.`,
    { program, hint: remedy },
  );
}

const HEAD_BYTES = 128;

function isPackage(path: string): boolean {
  try {
    const fd = openSync(path, "r");
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      const length = readSync(fd, head, 0, HEAD_BYTES, 0);
      return /^#!.*\b(glovebox|coderun|whalebrew)\b/.test(head.toString("latin1", 0, length));
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}
