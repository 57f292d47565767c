/**
 * @module
 * What an answer of yes would mean.
 */
import { isIPv4 } from "node:net";
import { posix } from "node:path";
import type { Subject } from "../core/permission.ts";
import { isPublicAddress } from "../util/public-address.ts";
import { isInRange } from "./ip-range.ts";
import { isWithin } from "./path-pattern.ts";
import { homeMeaning, profileEntries, profileSockets, type ProfileEntry } from "./profile.ts";

export interface MeaningPlace {
  /** Absolute and canonical. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Undefined where the subject says it all. */
export function meaningOf(subject: Subject, place: MeaningPlace): string | undefined {
  switch (subject.kind) {
    case "net":
      return meaningOfHost(subject.host);
    case "socket": {
      const socket = profileSockets.find((each) => socketPath(each, place.env) === subject.path);
      return socket?.meaning ?? meaningOfPath(subject.path, place.home);
    }
    case "read":
    case "write":
    case "list":
      return meaningOfPath(subject.path, place.home);
    case "forward":
    case "env":
      return undefined;
  }
}

/** The entry that a path is in, or is; undefined where there is none. */
export function entryOf(
  path: string,
  home: string,
): { readonly entry: ProfileEntry; readonly path: string } | undefined {
  for (const entry of profileEntries) {
    const found = pathOfEntry(entry, path, home);
    if (found !== undefined) return { entry, path: found };
  }
  return undefined;
}

/** Whether a folder has entries in it, and is none itself. */
export function holdsEntries(folder: string, home: string): boolean {
  if (isWithin(home, folder)) return true;
  const entries = profileEntries.map(({ path }) => posix.join(home, path.replace(/\*$/, "")));
  return entries.some((path) => isWithin(path, folder) && path !== folder);
}

/** Undefined where its variable is not set. */
export function socketPath(
  { variable, path }: { readonly variable?: string; readonly path?: string },
  env: NodeJS.ProcessEnv,
): string | undefined {
  if (variable === undefined) return path;
  const value = env[variable];
  if (value === undefined || !posix.isAbsolute(value)) return undefined;
  return path === undefined ? posix.normalize(value) : posix.join(value, path);
}

function meaningOfPath(path: string, home: string): string | undefined {
  const found = entryOf(path, home);
  if (found !== undefined) return found.entry.meaning;
  return isWithin(path, home) ? homeMeaning : undefined;
}

function pathOfEntry(
  { path: pattern }: ProfileEntry,
  path: string,
  home: string,
): string | undefined {
  const base = posix.join(home, pattern.replace(/\*$/, ""));
  if (!pattern.endsWith("*")) return isWithin(path, base) ? base : undefined;
  if (!path.startsWith(base)) return undefined;
  const slash = path.indexOf("/", base.length);
  return slash < 0 ? path : path.slice(0, slash);
}

function meaningOfHost(host: string): string | undefined {
  if (host === "localhost" || host.endsWith(".localhost")) return ownMachine;
  if (host === "169.254.169.254" || host === "fd00:ec2::254" || host.startsWith("metadata.")) {
    return "the cloud's metadata service: it may hand out keys of this machine";
  }
  if (isInRange(host, "127.0.0.0/8") || host === "::1") return ownMachine;
  const isAddress = isIPv4(host) || host.includes(":");
  return isAddress && !isPublicAddress(host) ? "not on the Internet: your own network" : undefined;
}

const ownMachine = "services of this machine itself";
