/**
 * @module
 * What must be the same for a sandbox of another process to be the one that we would make: the program,
 * what it sees of the machine, where it keeps things, who it is.
 */
import { readlinkSync, statSync } from "node:fs";
import { homedir } from "node:os";

/** Set by the bundler: a hash of all sources. */
declare const __GLOVEBOX_BUILD__: string;

/** Those that say where languages, caches and the launcher are. */
const variables = ["XDG_CACHE_HOME", "XDG_DATA_HOME", "GLOVEBOX_LAUNCHER"];
const namespaces = ["mnt", "pid", "user"];

/**
 * To be compared as a whole. Undefined where this is no built program: then nothing is the same.
 *
 * @throws Where /proc can't be read.
 */
export function surroundingsOf(env: NodeJS.ProcessEnv): string | undefined {
  if (typeof __GLOVEBOX_BUILD__ === "undefined") return undefined;
  const { dev, ino } = statSync("/");
  return JSON.stringify([
    __GLOVEBOX_BUILD__,
    process.execPath,
    process.version,
    ...namespaces.map((name) => readlinkSync(`/proc/self/ns/${name}`)),
    [dev, ino],
    [process.geteuid?.(), process.getegid?.(), process.getgroups?.()],
    homedir(),
    ...variables.map((name) => env[name] ?? null),
  ]);
}
