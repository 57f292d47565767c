/**
 * @module
 * The flags about what a program may ask for, checked as words; what they name is looked at later.
 */
import { isAbsolute, resolve } from "node:path";
import { invalidRequest } from "../../core/errors.ts";
import type { NetworkPolicy } from "../../core/policy.ts";
import { ruleFlags, type RuleFlag } from "../../permissions/rule-flags.ts";
import { variableForm } from "../../permissions/subject.ts";
import { durationFormat, parseDurationMs } from "../../util/duration.ts";
import type { Secret } from "../../core/secret.ts";
import { oneOf } from "../one-of.ts";
import { parseSecret, refuseContradictions } from "./secrets.ts";
import { optionOfRule, type RawPermissions } from "../permission-flags.ts";

/** `tty`: it must be there. `auto`: the terminal if there is one. */
export type WantedAsker =
  { readonly kind: "auto" | "tty" | "never" } | { readonly kind: "broker"; readonly path: string };

export interface AskingOptions {
  /** As it was written; absent: whatever can be had. */
  readonly network: NetworkPolicy["mode"] | undefined;
  readonly files: "none" | "ask" | undefined;
  readonly asker: WantedAsker;
  readonly askTimeoutMs: number | undefined;
  readonly ruleFlags: readonly { readonly flag: RuleFlag; readonly text: string }[];
  /** Names of variables. */
  readonly askEnv: readonly string[];
  readonly secrets: readonly Secret[];
  /** Paths of files, as written. */
  readonly policy: string | undefined;
  readonly learn: string | undefined;
  readonly report: boolean;
  readonly failOnDeny: boolean;
}

/** @throws {GloveboxError} `INVALID_REQUEST` naming flag, value and what is allowed. */
export function parseAskingOptions(
  raw: RawPermissions & { readonly network?: string; readonly env?: readonly string[] },
  callerEnv: NodeJS.ProcessEnv,
): AskingOptions {
  const { network, files, ask, learn } = raw;
  if (learn !== undefined && ask !== undefined && ask !== "never") {
    throw invalidRequest("--learn", "asks nobody. Leave --ask out.");
  }
  const secrets = (raw.secret ?? []).map((text) => parseSecret(text, callerEnv));
  refuseContradictions(secrets, raw);
  return {
    network:
      network === undefined
        ? undefined
        : oneOf("--network", network, ["none", "ask", "all"] as const),
    files: files === undefined ? undefined : oneOf("--files", files, ["none", "ask"] as const),
    asker: parseAsker(learn === undefined ? (ask ?? "auto") : "never"),
    askTimeoutMs: raw.askTimeout === undefined ? undefined : parseTimeout(raw.askTimeout),
    ruleFlags: ruleFlags.flatMap((flag) => {
      const texts = raw[optionOfRule(flag.effect, flag.kind)] ?? [];
      return texts.map((text) => ({ flag, text }));
    }),
    askEnv: (raw.askEnv ?? []).map(parseVariable),
    secrets,
    policy: raw.policy,
    learn,
    report: raw.report === true,
    failOnDeny: raw.failOnDeny === true,
  };
}

const brokerForm = /^broker:(.+)$/s;

function parseAsker(text: string): WantedAsker {
  const [, path] = brokerForm.exec(text) ?? [];
  if (path === undefined) return { kind: oneOf("--ask", text, ["auto", "tty", "never"]) };
  return { kind: "broker", path: isAbsolute(path) ? path : resolve(path) };
}

function parseTimeout(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms > 0) return ms;
  throw invalidRequest("--ask-timeout", `\`${text}\` is no time. Write ${durationFormat}.`);
}

function parseVariable(name: string): string {
  if (variableForm.test(name)) return name;
  throw invalidRequest(
    "--ask-env",
    `\`${name}\` is not the name of a variable. Write AWS_PROFILE.`,
  );
}
