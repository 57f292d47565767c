/**
 * @module
 * `--workspace DIR[:ro|:rw|:copy]`: which folder of the host appears as `/workspace`.
 */
import { realpathSync, statSync } from "node:fs";
import { isAbsolute, relative, resolve } from "node:path";
import { invalidRequest } from "../core/errors.ts";
import { canonicalPath } from "../util/canonical-path.ts";
import { isInOwnFolder } from "../util/own-folders.ts";
import type { WorkspaceMount } from "../core/policy.ts";

const suffix = /^(.+):(ro|rw|copy)$/s;

/**
 * Reads the flag's value and looks at the folder. Without a suffix the folder is read-only.
 *
 * @param cwd Absolute; relative folders start there.
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function parseWorkspace(text: string, cwd: string): WorkspaceMount {
  // An unset variable of a shell script must not come to mean the current folder.
  if (text === "")
    throw invalidRequest("--workspace", "is empty. Write DIR, DIR:ro, DIR:rw or DIR:copy.");
  const [, folder = text, access = "ro"] = suffix.exec(text) ?? [];
  return checkWritable({
    hostPath: realFolder(folder, cwd),
    access: access as WorkspaceMount["access"],
  });
}

/**
 * Where a folder holds those of Glovebox, they are read-only in it. One that is such a folder can't be so.
 *
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function checkWritable(mount: WorkspaceMount): WorkspaceMount {
  const { hostPath, access } = mount;
  if (access !== "rw" || !isInOwnFolder(hostPath, process.env)) return mount;
  throw invalidRequest(
    "--workspace",
    `\`${hostPath}\` is Glovebox's own: a program that writes there would say itself what it may. Choose another folder, or write \`:ro\`.`,
  );
}

/**
 * The current folder, read-only: what a command sees without `--workspace`.
 *
 * @param home The user's home folder.
 * @throws {GloveboxError} `INVALID_REQUEST` where that would show far more than a project.
 */
export function implicitWorkspace(cwd: string, home: string): WorkspaceMount {
  const hostPath = realFolder(cwd, cwd);
  if (isInside(hostPath, canonicalPath(home))) {
    throw invalidRequest(
      "--workspace",
      `the current folder \`${hostPath}\` holds your home folder or the whole system, so it is not ` +
        `shown to the program by itself. Go to a project's folder, or write \`--workspace DIR\`.`,
    );
  }
  return { hostPath, access: "ro" };
}

/** True if `path` is `folder` or lies in it. Both absolute and without symbolic links. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith("../") && !isAbsolute(way));
}

function realFolder(folder: string, cwd: string): string {
  const path = resolve(cwd, folder);
  try {
    const hostPath = realpathSync(path);
    if (statSync(hostPath).isDirectory()) return hostPath;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw invalidRequest(
      "--workspace",
      `\`${folder}\` can't be opened (${code}). Write an existing folder, with \`:ro\`, \`:rw\` or \`:copy\` after it.`,
    );
  }
  throw invalidRequest(
    "--workspace",
    `\`${folder}\` is not a folder. Write DIR, DIR:ro, DIR:rw or DIR:copy.`,
  );
}
