/**
 * @module
 * Limits that a seed gives its programs where ours are lower, within what the operator and the caller's
 * key allow.
 */
import type { ServerConfig } from "../../../config/server-config.ts";
import type { Caller } from "../../../core/caller.ts";
import type { LimitName } from "../../../core/limits.ts";
import { snakeCase } from "../../../util/snake-case.ts";
import { boundsFor } from "../../admission.ts";
import type { ExecuteBody } from "../../schemas.ts";

/** For `ExecuteBody.limits`. What is not wanted is the operator's default. */
export function withinMax(
  wanted: Readonly<Partial<Record<LimitName, number>>>,
  caller: Caller,
  config: ServerConfig,
): NonNullable<ExecuteBody["limits"]> {
  const { max } = boundsFor(caller, config).limits;
  const rows = Object.entries(wanted).map(([key, value]) => {
    const name = key as LimitName;
    return [snakeCase(name), Math.min(value, max[name])];
  });
  return Object.fromEntries(rows) as NonNullable<ExecuteBody["limits"]>;
}
