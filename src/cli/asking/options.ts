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
  /** Names of variables that are set; some may be allowed already. */
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
  refuseRulesWithoutEffect(raw);
  refuseOwnLoopback(raw);
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
    askEnv: variablesOf(raw, callerEnv),
    secrets,
    policy: raw.policy,
    learn,
    report: raw.report === true,
    failOnDeny: raw.failOnDeny === true,
  };
}

/** @throws {GloveboxError} `INVALID_REQUEST` for a name that has another meaning inside. */
function refuseOwnLoopback({ allowNet = [] }: RawPermissions): void {
  const own = allowNet.find((text) => /^(tcp:|udp:|any:)?localhost\.?(:|$)/i.test(text));
  if (own === undefined) return;
  throw invalidRequest(
    "--allow-net",
    `\`${own}\` is the sandbox itself, inside, and needs no rule. This machine is \`host.internal\` there.`,
  );
}

/**
 * Where nothing is asked about, rules about connections don't hold.
 *
 * @throws {GloveboxError} `INVALID_REQUEST`: what was to be kept out must not come in unnoticed.
 */
function refuseRulesWithoutEffect(raw: RawPermissions & { readonly network?: string }): void {
  const { network } = raw;
  if (network !== "all" && network !== "none") return;
  const given = ruleFlags.find(({ kind, effect }) => {
    const isMeant = kind === "net" || kind === "forward";
    const isHeld = network === "none" && effect === "deny";
    return isMeant && !isHeld && raw[optionOfRule(effect, kind)] !== undefined;
  });
  if (given === undefined) return;
  const why =
    network === "all"
      ? "with `--network all` no connection is asked about, and no rule about them holds"
      : "with `--network none` there is no connection to allow";
  throw invalidRequest(given.flag, `${why}. Leave --network out, or this flag.`);
}

const brokerForm = /^broker:(.+)$/s;

function parseAsker(text: string): WantedAsker {
  const [, path] = brokerForm.exec(text) ?? [];
  if (path === undefined) {
    const kinds = ["auto", "tty", "never"] as const;
    const kind = kinds.find((each) => each === text);
    if (kind !== undefined) return { kind };
    throw invalidRequest(
      "--ask",
      `\`${text}\` is unknown. Allowed: ${kinds.join(", ")}, broker:SOCKET.`,
    );
  }
  return { kind: "broker", path: isAbsolute(path) ? path : resolve(path) };
}

function parseTimeout(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms > 0) return ms;
  throw invalidRequest("--ask-timeout", `\`${text}\` is no time. Write ${durationFormat}.`);
}

/** What is allowed it gets; one that it may ask for has to be there. */
function variablesOf(
  { askEnv = [], allowEnv = [] }: RawPermissions,
  callerEnv: NodeJS.ProcessEnv,
): readonly string[] {
  for (const name of askEnv) {
    if (variableForm.test(name) && callerEnv[name] !== undefined) continue;
    throw invalidRequest(
      "--ask-env",
      variableForm.test(name)
        ? `\`${name}\` is not set in your environment. Export it first.`
        : `\`${name}\` is not the name of a variable. Write AWS_PROFILE.`,
    );
  }
  return [...new Set([...askEnv, ...allowEnv])];
}
