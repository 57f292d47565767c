/**
 * @module
 * From a body and who sent it to what the service runs: the one place that holds a caller to the rules
 * of its key. Every wire comes through here.
 */
import type { ServerConfig } from "../config/server-config.ts";
import type { Caller } from "../core/caller.ts";
import { GloveboxError } from "../core/errors.ts";
import type { LoadedLanguage } from "../core/language.ts";
import { limitNames } from "../core/limits.ts";
import type { LanguageIndex } from "../languages/index-languages.ts";
import type { ExecutionRequest } from "../service/request.ts";
import { showValue } from "../util/show-value.ts";
import { snakeCase } from "../util/snake-case.ts";
import type { ExecuteBody } from "./schemas.ts";
import { findLanguage, toExecutionRequest } from "./to-request.ts";

/** What the server knows when a request comes. */
export interface Admission {
  readonly languages: LanguageIndex;
  readonly config: ServerConfig;
  /** Where a request without `provider` runs. */
  readonly defaultProvider: string;
}

export interface Admitted {
  readonly request: ExecutionRequest;
  readonly language: LoadedLanguage;
}

/**
 * @throws {GloveboxError} `INVALID_REQUEST` with every fault, `UNKNOWN_LANGUAGE`, or `NOT_ALLOWED` for
 * what the operator, or the caller's key, does not allow.
 */
export function admit(
  body: ExecuteBody,
  caller: Caller,
  { languages, config, defaultProvider }: Admission,
): Admitted {
  const language = findLanguage(body.language, languages);
  refuseByRules(body, caller, language, defaultProvider);
  refuseHostFiles(body, caller);
  const request = toExecutionRequest(body, languages, boundsFor(caller, config));
  const { maxConcurrent } = caller.rules;
  const turn = {
    callerId: caller.id,
    timeoutMs: config.queueTimeoutMs,
    ...(maxConcurrent === undefined ? {} : { maxConcurrent }),
  };
  const { fork } = caller.rules;
  return { request: { ...request, turn, ...(fork === undefined ? {} : { fork }) }, language };
}

/** What the operator allows, narrowed to what the key allows. */
export function boundsFor({ rules }: Caller, config: ServerConfig): ServerConfig {
  const { maxLimits, network } = rules;
  if (maxLimits === undefined && network === undefined) return config;
  const lowest = (name: (typeof limitNames)[number], limit: number): number =>
    Math.min(limit, maxLimits?.[name] ?? Infinity);
  const column = (kind: "default" | "max"): ServerConfig["limits"]["max"] =>
    Object.fromEntries(
      limitNames.map((name) => [name, lowest(name, config.limits[kind][name])]),
    ) as unknown as ServerConfig["limits"]["max"];
  return {
    ...config,
    limits: { default: column("default"), max: column("max") },
    network: {
      allowed: config.network.allowed.filter((mode) => network?.includes(mode) ?? true),
    },
  };
}

function refuseByRules(
  { limits, provider, network }: ExecuteBody,
  { rules }: Caller,
  language: LoadedLanguage,
  defaultProvider: string,
): void {
  refuseOther("language", language.id, rules.languages);
  refuseOther("provider", provider ?? defaultProvider, rules.providers);
  // `none` can always be asked for.
  const modes = rules.network && [...new Set(["none", ...rules.network])];
  refuseOther("network", network ?? "none", modes);
  for (const name of limitNames) {
    const wanted = limits?.[snakeCase(name)];
    const most = rules.maxLimits?.[name];
    if (wanted === undefined || most === undefined || wanted <= most) continue;
    throw notAllowed(`limits.${snakeCase(name)}`, `your key allows at most ${most}, not ${wanted}`);
  }
}

/** They are not the caller's own, but those of whoever runs the server. */
function refuseHostFiles({ host_files: hostFiles }: ExecuteBody, { scopes }: Caller): void {
  if (hostFiles !== "ask" || scopes.includes("admin")) return;
  const have = scopes.join(", ");
  throw notAllowed("host_files", `"ask" needs a key with the scope \`admin\`; yours has ${have}`);
}

function refuseOther(field: string, value: string, allowed: readonly string[] | undefined): void {
  if (allowed === undefined || allowed.includes(value)) return;
  throw notAllowed(field, `your key allows ${allowed.join(", ")}, not ${showValue(value)}`);
}

function notAllowed(field: string, message: string): GloveboxError<"NOT_ALLOWED"> {
  return new GloveboxError("NOT_ALLOWED", `${field}: ${message}.`, { field });
}
