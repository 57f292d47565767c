/**
 * @module
 * What of this user's files a program may ask for: what the profile names and is there now.
 */
import { lstatSync, readdirSync, realpathSync, type Stats } from "node:fs";
import { posix } from "node:path";
import type { AskablePath } from "../core/policy.ts";
import { socketPath } from "./meaning.ts";
import { isWithin } from "./path-pattern.ts";
import { profileEntries, profileSockets } from "./profile.ts";

export interface AskablePlace {
  /** Absolute and canonical. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** The home folder of the program's user, inside. */
  readonly insideHome: string;
}

/**
 * Entries of the home folder are there at their own place and below `insideHome`, whichever a program
 * looks at; the home folder itself, for all the rest of it, at its own place alone. An entry that is a
 * symbolic link is what it leads to. One that lies in another folder of the profile is part of that.
 */
export function askablePaths({ home, env, insideHome }: AskablePlace): readonly AskablePath[] {
  const found = new Map<string, AskablePath>();
  const add = (path: string, insidePaths: readonly string[]): void => {
    const real = lookAt(path);
    if (real === undefined) return;
    const { hostPath, kind } = real;
    const before = found.get(hostPath)?.insidePaths ?? [];
    const all = [...new Set([...before, ...insidePaths])];
    found.set(hostPath, { hostPath, kind, insidePaths: all });
  };
  for (const { path } of profileEntries) {
    for (const below of expandStar(path, home)) {
      add(posix.join(home, below), [posix.join(home, below), posix.join(insideHome, below)]);
    }
  }
  for (const socket of profileSockets) {
    const path = socketPath(socket, env);
    if (path !== undefined) add(path, insidePathsOf(path, home, insideHome));
  }
  // Of a user without a home of their own that would be this whole machine.
  if (home !== "/") add(home, [home]);
  return [...found.values()];
}

function insidePathsOf(path: string, home: string, insideHome: string): readonly string[] {
  if (!isWithin(path, home)) return [path];
  return [path, posix.join(insideHome, posix.relative(home, path))];
}

/** `.env*` is every such name that is there. */
function expandStar(path: string, home: string): readonly string[] {
  if (!path.endsWith("*")) return [path];
  const folder = posix.dirname(path);
  const start = posix.basename(path).slice(0, -1);
  try {
    return readdirSync(posix.join(home, folder))
      .filter((name) => name.startsWith(start))
      .slice(0, MAX_NAMES)
      .map((name) => posix.join(folder, name));
  } catch {
    return [];
  }
}

const MAX_NAMES = 100;

/** Undefined for what is not there, leads nowhere, or is no file, folder or socket. */
function lookAt(path: string): Pick<AskablePath, "hostPath" | "kind"> | undefined {
  try {
    const hostPath = realpathSync(path);
    const kind = kindOf(lstatSync(hostPath));
    return kind === undefined ? undefined : { hostPath, kind };
  } catch {
    return undefined;
  }
}

function kindOf(status: Stats): AskablePath["kind"] | undefined {
  if (status.isDirectory()) return "folder";
  if (status.isFile()) return "file";
  return status.isSocket() ? "socket" : undefined;
}
