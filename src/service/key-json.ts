/**
 * @module
 * Keys as programs read them, of the command line and over HTTP; never a secret.
 */
import type { CallerRules, Scope } from "../core/caller.ts";
import type { KeyEntry } from "../storage/keys-store.ts";
import { snakeCase } from "../util/snake-case.ts";
import { keyState, type KeyState } from "./key-state.ts";

export interface KeyJson {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly state: KeyState;
  /** Absent: no more than what holds for all. */
  readonly rules: Record<string, unknown>;
  /** Times are ISO 8601, UTC. */
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
  readonly last_used_at: string | null;
}

/** @param now Milliseconds since 1970. */
export function keyToJson(key: KeyEntry, now: number): KeyJson {
  const { id, name, scopes, rules } = key;
  return {
    ...{ id, name, scopes, state: keyState(key, now), rules: rulesToJson(rules) },
    created_at: new Date(key.createdAtMs).toISOString(),
    expires_at: timeOf(key.expiresAtMs),
    revoked_at: timeOf(key.revokedAtMs),
    last_used_at: timeOf(key.lastUsedAtMs),
  };
}

function rulesToJson({ maxLimits, ...rules }: CallerRules): Record<string, unknown> {
  const named = withSnakeCase(rules);
  return maxLimits === undefined ? named : { ...named, max_limits: withSnakeCase(maxLimits) };
}

function withSnakeCase(values: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [snakeCase(name), value as unknown]),
  );
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
