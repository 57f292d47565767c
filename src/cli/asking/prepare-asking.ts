/**
 * @module
 * Everything about one run that is asked: rules, what is there to be asked about, who is asked, and what
 * is said about it at the end.
 */
import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import type { PermissionGate } from "../../core/permission.ts";
import type { AskablePath, NetworkPolicy } from "../../core/policy.ts";
import { homePath } from "../../core/sandbox.ts";
import { askablePaths } from "../../permissions/askable-paths.ts";
import { neverAsker, type Asker } from "../../permissions/asker.ts";
import { createDecisionLog, type DecisionLog } from "../../permissions/decision-log.ts";
import { createGate } from "../../permissions/gate.ts";
import { locatePath } from "../../permissions/locate-path.ts";
import { parseRuleFlag } from "../../permissions/rule-flags.ts";
import type { NewRule, Rule } from "../../permissions/rule.ts";
import type { RequestPermissions } from "../../service/request.ts";
import { stateFolder } from "../../util/user-folders.ts";
import { printNote } from "../print.ts";
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
  /** Absent: nobody is. */
  readonly asker?: Asker;
}

/** @throws {GloveboxError} `INVALID_REQUEST` */
export function prepareAsking(
  wanted: WantedAsking,
  options: AskingOptions,
  { cwd, env, command, stored, remember, asker = neverAsker }: AskingPlace,
): PreparedAsking {
  const home = realPathOr(homedir());
  const state = stateFolder(env);
  const place: FilePlace = {
    ...{ home, insideHome: homePath },
    protectedPaths: state === undefined ? [] : [realPathOr(state)],
  };
  const now = Date.now();
  const rules = [
    ...options.ruleFlags.map(({ flag, text }) =>
      parseRuleFlag(flag, text, { place: { home, cwd, locate: locatePath }, now }),
    ),
    ...stored,
  ];
  const log = createDecisionLog();
  const gate = createGate({
    ...{ rules, asker, log, home, env, command, remember, note: printNote },
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
    ...(askable.length === 0 ? {} : { askable, hidden: place.protectedPaths }),
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

export function realPathOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
