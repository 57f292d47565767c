/**
 * @module
 * Where a server's database is: `glovebox serve` and `glovebox keys` must mean the same one.
 */
import { join } from "node:path";
import { GloveboxError } from "../core/errors.ts";
import { stateFolder } from "../util/user-folders.ts";
import type { ServerConfig } from "./server-config.ts";

/**
 * The folder that the operator named, else one of this user.
 *
 * @throws {GloveboxError} `INVALID_CONFIG` for a user without a home.
 */
export function storageFolder(
  { storage }: Pick<ServerConfig, "storage">,
  env: NodeJS.ProcessEnv,
): string {
  if (storage.folder !== undefined) return storage.folder;
  const state = stateFolder(env);
  if (state !== undefined) return join(state, "server");
  const path = "storage.folder";
  const message = "this user has no home folder: say where executions and keys are kept";
  throw new GloveboxError("INVALID_CONFIG", `${path}: ${message}.`, {
    issues: [{ path, message }],
  });
}
