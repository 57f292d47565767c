/**
 * @module
 * Who a key belongs to, and how much it may have in a day.
 */
import type { Caller } from "../core/caller.ts";
import { GloveboxError } from "../core/errors.ts";
import type { KeysStore } from "../storage/keys-store.ts";
import type { UsageStore } from "../storage/usage-store.ts";

export interface RateWindow {
  /** Of `performance.now()`. */
  startedAtMs: number;
  requests: number;
}

export interface Keys {
  /** Of callers whose requests are counted, by their ids: one for all ports of a server. */
  readonly rateWindows: Map<string, RateWindow>;
  /** Of a key's secret; undefined where it is unknown, expired or revoked. */
  find(secret: string): Caller | undefined;
  /**
   * Takes executions out of what the caller's key may have today, UTC.
   *
   * @throws {GloveboxError} `QUOTA_EXHAUSTED`, `STORAGE_UNAVAILABLE`
   */
  charge(caller: Caller, executions: number): Promise<void>;
  /** Gives back what was taken and then not run. @throws {GloveboxError} `STORAGE_UNAVAILABLE` */
  giveBack(caller: Caller, executions: number): Promise<void>;
}

const DAY_MS = 86_400_000;

const today = (now: number): string => new Date(now).toISOString().slice(0, 10);

export function createKeys(keys: KeysStore, usage: UsageStore): Keys {
  return {
    rateWindows: new Map(),
    find: (secret) => keys.find(secret, Date.now()),
    charge: async ({ id, rules: { executionsPerDay } }, executions) => {
      if (executionsPerDay === undefined) return;
      const now = Date.now();
      const day = today(now);
      const isIn = await usage.add({
        callerId: id,
        day,
        count: executions,
        max: executionsPerDay,
      });
      if (!isIn) throw quotaExhausted(executionsPerDay, DAY_MS - (now % DAY_MS));
    },
    giveBack: async ({ id, rules: { executionsPerDay } }, executions) => {
      if (executionsPerDay === undefined || executions === 0) return;
      await usage.add({ callerId: id, day: today(Date.now()), count: -executions });
    },
  };
}

function quotaExhausted(limit: number, retryAfterMs: number): GloveboxError<"QUOTA_EXHAUSTED"> {
  return new GloveboxError(
    "QUOTA_EXHAUSTED",
    `your key may have ${limit} executions a day, and this would be more. The next day begins at midnight, UTC.`,
    { limit, retryAfterMs },
  );
}
