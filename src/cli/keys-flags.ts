/**
 * @module
 * The flags of `glovebox keys create`: what a key may do.
 */
import { networkModes, requestableProviders } from "../config/server-config.ts";
import { scopes, type CallerRules, type Scope } from "../core/caller.ts";
import { invalidRequest } from "../core/errors.ts";
import type { LimitName } from "../core/limits.ts";
import type { LanguageIndex } from "../languages/index-languages.ts";
import { parseDurationMs } from "../util/duration.ts";
import { showValue } from "../util/show-value.ts";
import { limitFlags, parseLimit, type LimitFlag } from "./limit-flags.ts";
import { oneOf } from "./one-of.ts";

type MaxOption<Option extends string> = `max${Capitalize<Option>}`;

/** As the command line had them; absent: not given. */
export interface CreateFlags extends Readonly<
  Partial<Record<MaxOption<(typeof limitFlags)[number]["option"]>, string>>
> {
  readonly name?: string;
  readonly scope?: string;
  readonly expires?: string;
  readonly secretFile?: string;
  readonly rate?: string;
  readonly concurrency?: string;
  readonly daily?: string;
  readonly languages?: string;
  readonly providers?: string;
  readonly network?: string;
  /** False for `--no-fork`. */
  readonly fork?: boolean;
}

/** `--max-memory` and its like: the flags of `glovebox run`, as the most that can be asked for. */
export const limitKeyFlags = limitFlags.map((row): LimitFlag & { readonly maxOption: string } => ({
  ...row,
  flag: `--max-${row.flag.slice(2)}`,
  maxOption: `max${row.option.charAt(0).toUpperCase()}${row.option.slice(1)}`,
  help: `the most of \`glovebox run ${row.flag}\` that it may ask for`,
  canBeNone: false,
}));

/** @throws {GloveboxError} `INVALID_REQUEST` */
export function parseName(name = ""): string {
  // Lists show it, one key a line, and logs.
  if (name.length <= MAX_NAME_CHARS && name.isWellFormed() && !/[\p{C}\p{Zl}\p{Zp}]/u.test(name)) {
    return name;
  }
  throw invalidRequest("--name", `must be at most ${MAX_NAME_CHARS} printable characters.`);
}

const MAX_NAME_CHARS = 100;

/** @throws {GloveboxError} `INVALID_REQUEST` */
export function parseScopes(text = "run"): readonly Scope[] {
  return listOf("--scope", text, (word) => oneOf("--scope", word, scopes));
}

/**
 * @param now Milliseconds since 1970; so is the result. Undefined: never.
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function parseExpiry(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  const ms = days === undefined ? parseDurationMs(text) : Number(days) * DAY_MS;
  if (ms !== undefined && ms >= 1000 && ms <= MAX_DAYS * DAY_MS) return now + ms;
  throw invalidRequest(
    "--expires",
    `${showValue(text)} is no time from now: 1s to ${MAX_DAYS}d, written like 90d, 12h or 30m.`,
  );
}

const DAY_MS = 86_400_000;
const MAX_DAYS = 36_500;

/**
 * Languages become their ids.
 *
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function parseRules(flags: CreateFlags, languages: () => LanguageIndex): CallerRules {
  const rules: { -readonly [Name in keyof CallerRules]: CallerRules[Name] } = {};
  if (flags.concurrency !== undefined) {
    rules.maxConcurrent = parseCount("--concurrency", flags.concurrency);
  }
  if (flags.rate !== undefined) rules.requestsPerMinute = parseRate(flags.rate);
  if (flags.daily !== undefined) rules.executionsPerDay = parseCount("--daily", flags.daily);
  if (flags.languages !== undefined) {
    const index = languages();
    rules.languages = listOf("--languages", flags.languages, (word) => languageId(word, index));
  }
  if (flags.providers !== undefined) {
    rules.providers = listOf("--providers", flags.providers, (word) =>
      oneOf("--providers", word, requestableProviders),
    );
  }
  if (flags.network !== undefined) {
    rules.network = listOf("--network", flags.network, (word) =>
      oneOf("--network", word, networkModes),
    );
  }
  if (flags.fork === false) rules.fork = "off";
  const maxLimits = parseMaxLimits(flags);
  if (Object.keys(maxLimits).length > 0) rules.maxLimits = maxLimits;
  return rules;
}

function parseMaxLimits(flags: CreateFlags): Partial<Record<LimitName, number>> {
  const limits: Partial<Record<LimitName, number>> = {};
  for (const row of limitKeyFlags) {
    const text = flags[row.maxOption as Exclude<keyof CreateFlags, "fork">];
    // Only rows with `canBeNone` yield `unlimited`.
    if (text !== undefined) limits[row.limit] = parseLimit(row, text) as number;
  }
  return limits;
}

function parseRate(text: string): number {
  const [, count] = /^(\d{1,9})\/min$/.exec(text) ?? [];
  if (count !== undefined && Number(count) >= 1) return Number(count);
  throw invalidRequest(
    "--rate",
    `${showValue(text)} is no rate. Write it like 60/min, at least 1/min.`,
  );
}

/** 0 would lock the key out, or be taken for "unlimited": neither is meant by anybody. */
function parseCount(flag: string, text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) >= 1) return Number(text);
  throw invalidRequest(flag, `${showValue(text)} is no whole number from 1 to 999999999.`);
}

function languageId(name: string, languages: LanguageIndex): string {
  const language = languages.byName(name);
  if (language !== undefined) return language.id;
  throw invalidRequest("--languages", `\`${name}\` is unknown. \`glovebox languages\` lists them.`);
}

function listOf<T>(flag: string, text: string, parse: (word: string) => T): readonly T[] {
  const words = text.split(",").map((word) => word.trim());
  if (words.includes("")) throw invalidRequest(flag, "must be words with commas between them.");
  return [...new Set(words.map(parse))];
}
