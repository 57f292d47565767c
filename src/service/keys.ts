/**
 * @module
 * Who a key belongs to, and how much it may have in a day.
 */
import { anonymousCaller, type Caller } from "../core/caller.ts";
import { GloveboxError } from "../core/errors.ts";
import type { KeyEntry, KeysStore } from "../storage/keys-store.ts";
import type { UsageStore } from "../storage/usage-store.ts";

/** How long one lasts. */
export const rateWindowMs = 60_000;

export interface RateWindow {
  /** Of `performance.now()`. */
  startedAtMs: number;
  requests: number;
}

/** A key, and what it has used of its rules; null where none counts it. */
export interface KeyUse {
  readonly key: KeyEntry;
  /** Since midnight, UTC. */
  readonly executionsToday: number | null;
  /** Since its minute began. */
  readonly requestsThisMinute: number | null;
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
  /**
   * The newest, in the order in which they were made, also those that no longer open anything.
   *
   * @throws {GloveboxError} `STORAGE_UNAVAILABLE`
   */
  list(most: number): { readonly uses: readonly KeyUse[]; readonly omitted: number };
  /** For people, by ids of callers; whom nobody knows is absent. @throws {GloveboxError} `STORAGE_UNAVAILABLE` */
  names(callerIds: readonly string[]): ReadonlyMap<string, string>;
  /** Gives back what was taken and then not run. @throws {GloveboxError} `STORAGE_UNAVAILABLE` */
  giveBack(caller: Caller, executions: number): Promise<void>;
}

const DAY_MS = 86_400_000;

const today = (now: number): string => new Date(now).toISOString().slice(0, 10);

export function createKeys(keys: KeysStore, usage: UsageStore): Keys {
  const rateWindows: Keys["rateWindows"] = new Map();
  const useOf = (key: KeyEntry): KeyUse => {
    const { executionsPerDay, requestsPerMinute } = key.rules;
    const isCounted = executionsPerDay !== undefined;
    return {
      key,
      executionsToday: isCounted ? usage.find(key.id, today(Date.now())) : null,
      requestsThisMinute:
        requestsPerMinute === undefined ? null : requestsIn(rateWindows.get(key.id)),
    };
  };
  return {
    rateWindows,
    list: (most) => {
      const all = keys.list();
      return {
        uses: all.slice(-most).map(useOf),
        omitted: Math.max(0, all.length - most),
      };
    },
    names: (callerIds) => {
      const names = new Map(keys.names(callerIds));
      const { id, name } = anonymousCaller;
      return callerIds.includes(id) ? names.set(id, name) : names;
    },
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

function requestsIn(window: RateWindow | undefined): number {
  if (window === undefined || performance.now() - window.startedAtMs >= rateWindowMs) return 0;
  return window.requests;
}

function quotaExhausted(limit: number, retryAfterMs: number): GloveboxError<"QUOTA_EXHAUSTED"> {
  return new GloveboxError(
    "QUOTA_EXHAUSTED",
    `your key may have ${limit} executions a day, and this would be more. The next day begins at midnight, UTC.`,
    { limit, retryAfterMs },
  );
}
