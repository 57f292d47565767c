/**
 * @module
 * Folders of this user, after the XDG Base Directory Specification, and of the system for root, after
 * the Filesystem Hierarchy Standard.
 */
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/**
 * What can be made again: `~/.cache/glovebox`, root's `/var/cache/glovebox`. Undefined for a user
 * without a home.
 */
export function cacheFolder(env: NodeJS.ProcessEnv): string | undefined {
  return userFolder(env["XDG_CACHE_HOME"], "/var/cache", ".cache");
}

/**
 * What was fetched on purpose: `~/.local/share/glovebox`, root's `/var/lib/glovebox`. Undefined for a
 * user without a home.
 */
export function dataFolder(env: NodeJS.ProcessEnv): string | undefined {
  return userFolder(env["XDG_DATA_HOME"], "/var/lib", ".local/share");
}

/**
 * What a server must remember: `~/.local/state/glovebox`, root's `/var/lib/glovebox`. Undefined for a
 * user without a home.
 */
export function stateFolder(env: NodeJS.ProcessEnv): string | undefined {
  return userFolder(env["XDG_STATE_HOME"], "/var/lib", ".local/state");
}

/** What this user wants: `~/.config/glovebox`, root's `/etc/glovebox`, as of a user without a home. */
export function configFolder(env: NodeJS.ProcessEnv): string {
  return userFolder(env["XDG_CONFIG_HOME"], "/etc", ".config") ?? "/etc/glovebox";
}

/** Of every run. */
export function runConfigFile(env: NodeJS.ProcessEnv): string {
  return join(configFolder(env), "run.yaml");
}

/** A relative path in such a variable has no meaning, says the specification. */
function userFolder(base: string | undefined, ofRoot: string, usual: string): string | undefined {
  if (base !== undefined && isAbsolute(base)) return join(base, "glovebox");
  // What sandboxes are shown must not lie below a home that only root may enter: their users can't.
  if (process.getuid?.() === 0) return join(ofRoot, "glovebox");
  const home = homedir();
  return isAbsolute(home) ? join(home, usual, "glovebox") : undefined;
}
