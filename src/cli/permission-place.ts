/**
 * @module
 * Whose rules a command is about, and where they lie.
 */
import { realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, resolve } from "node:path";
import { GloveboxError, invalidRequest } from "../core/errors.ts";
import { showValue } from "../util/show-value.ts";
import { stateFolder } from "../util/user-folders.ts";

/** Canonical. A user without a home has `/`. */
export function realHome(): string {
  const home = homedir();
  try {
    return isAbsolute(home) ? realpathSync(home) : "/";
  } catch {
    return home;
  }
}

/** @throws {GloveboxError} `INVALID_CONFIG` for a user without a home. */
export function requireStateFolder(env: NodeJS.ProcessEnv): string {
  const folder = stateFolder(env);
  if (folder !== undefined) return folder;
  const message = "is not set, and this user has no home: there is no place for rules";
  throw new GloveboxError("INVALID_CONFIG", `XDG_STATE_HOME: ${message}.`, {
    issues: [{ path: "XDG_STATE_HOME", message }],
  });
}

/**
 * The canonical path of a folder; or a name as the list of all projects has it, of callers of a server
 * or of folders that are gone.
 *
 * @throws {GloveboxError} `INVALID_REQUEST` where there is no such project.
 */
export async function projectName(
  text: string | undefined,
  cwd: string,
  isKnown: (name: string) => Promise<boolean>,
): Promise<string> {
  if (text === "") throw invalidRequest("--project", "is empty.");
  try {
    const folder = realpathSync(resolve(cwd, text ?? "."));
    if (statSync(folder).isDirectory()) return folder;
  } catch {
    // Said below.
  }
  if (text !== undefined && (await isKnown(text))) return text;
  throw invalidRequest("--project", `there is no folder ${showValue(text ?? cwd)}.`);
}
