/**
 * @module
 * Programs of this machine, passing over packages of the same name: one may well come first on the PATH.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { isExecutable } from "../util/is-executable.ts";

/** @returns Its path; undefined where no folder has it. */
export function findProgram(name: string, folders: readonly string[]): string | undefined {
  return folders
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find((path) => isExecutable(path) && !isPackage(path));
}

const HEAD_BYTES = 128;

function isPackage(path: string): boolean {
  try {
    const fd = openSync(path, "r");
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      const length = readSync(fd, head, 0, HEAD_BYTES, 0);
      return /^#!.*\b(glovebox|coderun|whalebrew|msh)\b/.test(head.toString("latin1", 0, length));
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}
