/**
 * @module
 * JSON fields of the v1 API are snake_case, and named after the words of the core.
 */
import { limitNames, type LimitName } from "../core/limits.ts";
import type { BoundedLimits } from "../config/server-config.ts";

/** `wallTimeMs` as a type becomes `wall_time_ms`. */
type SnakeCase<Word extends string> = Word extends `${infer Head}${infer Tail}`
  ? Head extends Lowercase<Head>
    ? `${Head}${SnakeCase<Tail>}`
    : `_${Lowercase<Head>}${SnakeCase<Tail>}`
  : "";

export type LimitField = SnakeCase<LimitName>;

/** `wallTimeMs` becomes `wall_time_ms`. */
export function snakeCase<Word extends string>(word: Word): SnakeCase<Word> {
  return word.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) as SnakeCase<Word>;
}

/** All limits, under the names of the API. */
export function limitsToJson(limits: BoundedLimits): Record<LimitField, number> {
  return Object.fromEntries(limitNames.map((name) => [snakeCase(name), limits[name]])) as Record<
    LimitField,
    number
  >;
}
