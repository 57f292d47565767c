/**
 * @module
 * `glovebox FILE [ARGS…]`, as the `#!` line of a package calls it. What was approved runs at once; what
 * was not is shown first.
 */
import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { invalidRequest } from "../../core/errors.ts";
import { hashOf, openApprovals } from "../../packages/approvals.ts";
import type { Package } from "../../packages/package.ts";
import { expandHome } from "../../permissions/path-pattern.ts";
import { readBoundedFile } from "../../util/read-bounded-file.ts";
import { requireStateFolder } from "../permission-place.ts";
import { reportErrors } from "../report-errors.ts";
import { parseRunOptions } from "../run-options.ts";
import { runProgram } from "../run-program.ts";
import { rawOfPackage } from "./raw-of-package.ts";

/** Of a package's file. */
const maxPackageBytes = 1024 * 1024;

/** @returns The exit code: the program's, or ours. */
export async function runPackage(file: string, args: readonly string[]): Promise<number> {
  return reportErrors({}, async () => {
    const found = await approvedPackage(file);
    if (found === undefined) return EXIT_NOT_APPROVED;
    const { stdin, stdout, stderr } = process;
    const raw = rawOfPackage(found, {
      env: process.env,
      hasTerminal: stdin.isTTY && stdout.isTTY && stderr.isTTY,
      exists: (path) => existsSync(expandHome(path, homedir())),
    });
    const form = { kind: "package", package: found, args } as const;
    return runProgram(form, parseRunOptions(raw, process.env));
  });
}

/** As a command that is found and may not be run. */
const EXIT_NOT_APPROVED = 126;

/** Undefined where its user said no. */
async function approvedPackage(file: string): Promise<Package | undefined> {
  const text = readPackageText(file);
  const sha256 = hashOf(text);
  const approvals = openApprovals(requireStateFolder(process.env));
  const known = approvals.find(sha256);
  if (known !== undefined) return known;
  const { approve } = await import("./approve.ts");
  return approve({ path: realpathSync(file), name: file, text, sha256 }, approvals);
}

/** @throws {GloveboxError} `INVALID_REQUEST` */
export function readPackageText(file: string): string {
  try {
    return readBoundedFile(file, maxPackageBytes);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw invalidRequest("FILE", `\`${file}\` can't be read: ${code ?? message}.`);
  }
}
