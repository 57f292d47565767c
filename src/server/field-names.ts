/**
 * @module
 * Limits, as the JSON of the v1 API names them.
 */
import { limitNames, type LimitName } from "../core/limits.ts";
import type { BoundedLimits } from "../config/server-config.ts";
import { snakeCase, type SnakeCase } from "../util/snake-case.ts";

export type LimitField = SnakeCase<LimitName>;

/** All limits, under the names of the API. */
export function limitsToJson(limits: BoundedLimits): Record<LimitField, number> {
  return Object.fromEntries(limitNames.map((name) => [snakeCase(name), limits[name]])) as Record<
    LimitField,
    number
  >;
}
