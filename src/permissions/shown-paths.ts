/**
 * @module
 * What of this machine's files a run sees beside its workspace: allowed outright, or asked about.
 */
import { lstatSync } from "node:fs";
import { join, relative } from "node:path";
import type { AskablePath, ShownPath } from "../core/policy.ts";
import { deniesWithin } from "./match.ts";
import { expandHome, isWithin } from "./path-pattern.ts";
import type { Rule } from "./rule.ts";

export interface FilePlace {
  /** Of the user, canonical. */
  readonly home: string;
  /** What the program takes for its home. */
  readonly insideHome: string;
  /** What no rule opens, canonical. */
  readonly protectedPaths: readonly string[];
}

export interface SplitPaths {
  /** Shown by mounts: nothing in them is asked about. */
  readonly shown: readonly ShownPath[];
  /** Allowed, but for a part that a rule denies: each file is looked at. */
  readonly askable: readonly AskablePath[];
}

/** The paths that rules allow. What is not there can't be shown. */
export function splitAllowed(rules: readonly Rule[], place: FilePlace): SplitPaths {
  const shown: ShownPath[] = [];
  const askable: AskablePath[] = [];
  for (const { effect, pattern } of rules) {
    if (effect !== "allow" || (pattern.kind !== "read" && pattern.kind !== "write")) continue;
    const hostPath = expandHome(pattern.path, place.home).replace(/(?<=.)\/$/, "");
    const kind = kindOf(hostPath);
    if (kind === undefined) continue;
    const insidePaths = insidePathsOf(hostPath, place);
    if (hasException({ kind: pattern.kind, folder: hostPath }, rules, place))
      askable.push({ hostPath, kind, insidePaths });
    else shown.push({ hostPath, insidePaths, access: pattern.kind === "write" ? "rw" : "ro" });
  }
  return { shown: withoutDoubles(shown), askable };
}

/** Whether something in it must not be had. */
function hasException(
  given: { readonly kind: "read" | "write"; readonly folder: string },
  rules: readonly Rule[],
  { home, protectedPaths }: FilePlace,
): boolean {
  return (
    rules.some((it) => it.effect === "deny" && deniesWithin(it.pattern, given, home)) ||
    protectedPaths.some((path) => isWithin(path, given.folder) || isWithin(given.folder, path))
  );
}

function kindOf(path: string): "folder" | "file" | undefined {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status?.isDirectory() === true) return "folder";
  return status?.isFile() === true ? "file" : undefined;
}

/** Where it lies on the host, and of what is in the user's home the same place in the program's. */
function insidePathsOf(hostPath: string, { home, insideHome }: FilePlace): readonly string[] {
  if (!isWithin(hostPath, home) || hostPath === home) return [hostPath];
  return [hostPath, join(insideHome, relative(home, hostPath))];
}

/** Of the same path the one with more rights. */
function withoutDoubles(shown: readonly ShownPath[]): readonly ShownPath[] {
  const byPath = new Map<string, ShownPath>();
  for (const each of shown) {
    if (byPath.get(each.hostPath)?.access !== "rw") byPath.set(each.hostPath, each);
  }
  // What lies in another is mounted over it.
  return [...byPath.values()].sort((left, right) => left.hostPath.length - right.hostPath.length);
}
