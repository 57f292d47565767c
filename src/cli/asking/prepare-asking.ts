/**
 * @module
 * Everything about one run that is asked: rules, what is there to be asked about, who is asked, and what
 * is said about it at the end.
 */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { invalidRequest } from "../../core/errors.ts";
import type { PermissionGate } from "../../core/permission.ts";
import type { AskablePath, NetworkPolicy } from "../../core/policy.ts";
import { homePath } from "../../core/sandbox.ts";
import { askablePaths } from "../../permissions/askable-paths.ts";
import { neverAsker, type Asker } from "../../permissions/asker.ts";
import { createDecisionLog, type DecisionLog } from "../../permissions/decision-log.ts";
import { createGate } from "../../permissions/gate.ts";
import { locatePath } from "../../permissions/locate-path.ts";
import { formatFlag } from "../../permissions/parse-pattern.ts";
import { expandHome } from "../../permissions/path-pattern.ts";
import { parseRuleFlag } from "../../permissions/rule-flags.ts";
import type { NewRule, Rule } from "../../permissions/rule.ts";
import type { RequestPermissions } from "../../service/request.ts";
import { canonicalPath } from "../../util/canonical-path.ts";
import { isBelow, ownFolders } from "../../util/own-folders.ts";
import type { AskingOptions } from "./options.ts";
import { splitAllowed, type FilePlace } from "../../permissions/shown-paths.ts";
import type { WantedAsking } from "./want-asking.ts";

export interface PreparedAsking {
  readonly network: NetworkPolicy;
  readonly permissions: RequestPermissions;
  readonly log: DecisionLog;
}

export interface AskingPlace {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** What was run, for people. */
  readonly command: string;
  /** Of the project, those that were kept. */
  readonly stored: readonly Rule[];
  readonly remember: (rule: NewRule) => Promise<void>;
  /** Tells the user one line. */
  readonly note: (line: string) => void;
  /** Absent: nobody is. */
  readonly asker?: Asker;
}

/** @throws {GloveboxError} `INVALID_REQUEST` */
export function prepareAsking(
  wanted: WantedAsking,
  options: AskingOptions,
  { cwd, env, command, stored, remember, note, asker = neverAsker }: AskingPlace,
): PreparedAsking {
  const home = canonicalPath(homedir());
  const place: FilePlace = {
    ...{ home, insideHome: homePath },
    protectedPaths: [...ownFolders(env), ...filesOfRules(options, cwd)],
  };
  const now = Date.now();
  const rules = [
    ...options.ruleFlags.map(({ flag, text }) =>
      parseRuleFlag(flag, text, { place: { home, cwd, locate: locatePath }, now }),
    ),
    ...stored,
  ];
  refuseSystemFolders(rules, home);
  noteMissing(options, rules, { home, note });
  const log = createDecisionLog();
  const gate = createGate({
    ...{ rules, asker, log, home, env, command, remember, note },
    protectedPaths: place.protectedPaths,
    ...(options.askTimeoutMs === undefined ? {} : { askTimeoutMs: options.askTimeoutMs }),
  });
  return {
    network: { mode: wanted.network },
    permissions: {
      gate,
      ...pathsOf(wanted, rules, place, env),
      ...(options.secrets.length === 0 ? {} : { secrets: options.secrets }),
    },
    log,
  };
}

/** A sandbox has its own of these, and others hold all that there is. */
const systemFolders: readonly string[] = ["/", "/proc", "/sys", "/dev"];

/** @throws {GloveboxError} `INVALID_REQUEST` */
function refuseSystemFolders(rules: readonly Rule[], home: string): void {
  for (const { effect, pattern } of rules) {
    if (effect !== "allow" || !("path" in pattern) || pattern.kind === "socket") continue;
    const path = expandHome(pattern.path, home).replace(/(?<=.)\/$/, "");
    const folder = systemFolders.find(
      (each) => path === each || (each !== "/" && isBelow(path, each)),
    );
    if (folder === undefined) continue;
    throw invalidRequest(
      `--allow-${pattern.kind}`,
      folder === "/"
        ? "`/` is all of this machine. Name the folders that it needs."
        : `\`${path}\` can't be shown: a sandbox has a ${folder} of its own.`,
    );
  }
}

/** Not an error: a script may be written for machines that have it, and for those that don't. */
function noteMissing(
  { ruleFlags }: AskingOptions,
  rules: readonly Rule[],
  { home, note }: { readonly home: string; readonly note: (line: string) => void },
): void {
  for (const { effect, pattern } of rules.slice(0, ruleFlags.length)) {
    const isFile = pattern.kind === "read" || pattern.kind === "list" || pattern.kind === "socket";
    if (effect !== "allow" || !isFile) continue;
    if (existsSync(expandHome(pattern.path, home))) continue;
    note(`${formatFlag({ effect, pattern })}: there is nothing of this name`);
  }
}

/** What tells this run, or later ones, what a program may have. */
const filesOfRules = ({ policy, learn }: AskingOptions, cwd: string): readonly string[] =>
  [policy, learn].flatMap((file) =>
    file === undefined ? [] : [canonicalPath(resolve(cwd, file))],
  );

function pathsOf(
  { files }: WantedAsking,
  rules: readonly Rule[],
  place: FilePlace,
  env: NodeJS.ProcessEnv,
): Omit<RequestPermissions, "gate"> {
  const allowed = splitAllowed(rules, place);
  const askable: readonly AskablePath[] = [
    ...(files === "ask" ? askablePaths({ ...place, env }) : []),
    ...allowed.askable,
  ];
  return {
    hidden: place.protectedPaths,
    ...(askable.length === 0 ? {} : { askable }),
    ...(allowed.shown.length === 0 ? {} : { shown: allowed.shown }),
  };
}

/** Variables of ours that it may have; each is asked about before the program starts. */
export async function askedVariables(
  gate: PermissionGate,
  names: readonly string[],
  { env, signal }: { readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<Readonly<Record<string, string>>> {
  const given: Record<string, string> = {};
  for (const name of names) {
    const value = env[name];
    if (value === undefined) continue;
    const { isAllowed } = await gate.decide({ subject: { kind: "env", name } }, signal);
    if (isAllowed) given[name] = value;
  }
  return given;
}
