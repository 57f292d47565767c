/**
 * @module
 * GET /statistics: how many submissions of all callers there are, in which languages, and with which
 * ends.
 */
import { setImmediate } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import type { ExecutionInfo } from "../../../service/executions/execution-info.ts";
import type { ServerContext } from "../../server-options.ts";
import { judge0KindName } from "./kind.ts";
import { languageName } from "./languages.ts";
import { queryIsTrue } from "./query.ts";
import { forAdmins } from "./route-access.ts";
import { statusOf, type StatusId } from "./statuses.ts";
import type { SubmissionMeta } from "./submission-meta.ts";
import { verdictOf } from "./verdict.ts";

const CACHE_MS = 600_000;
/** For who wants it newer. */
const MIN_CACHE_MS = 10_000;
/** Each has to be read, and meanwhile nobody else is served: only the newest are. */
const MAX_READ = 500;
const DAYS = 30;
const DAY_MS = 86_400_000;

interface Cached {
  /** Of `performance.now()`. */
  readonly atMs: number;
  readonly answer: object;
}

export function addStatisticsRoute(app: FastifyInstance, context: ServerContext): void {
  let cached: Cached | undefined;
  let reading: Promise<Cached> | undefined;
  const read = async (): Promise<Cached> => {
    const atMs = performance.now();
    return { atMs, answer: await statistics(context, Date.now()) };
  };
  app.route({
    method: "GET",
    url: "/statistics",
    config: forAdmins,
    handler: async (request) => {
      const maxAgeMs = queryIsTrue(request, "invalidate_cache") ? MIN_CACHE_MS : CACHE_MS;
      if (cached !== undefined && performance.now() - cached.atMs < maxAgeMs) return cached.answer;
      reading ??= read().finally(() => {
        reading = undefined;
      });
      cached = await reading;
      return cached.answer;
    },
  });
}

async function statistics(context: ServerContext, nowMs: number): Promise<object> {
  const { executions, service } = context;
  const newest = executions.page({ kind: judge0KindName, offset: 0, limit: MAX_READ });
  const languages = new Map<number, number>();
  const ends = new Map<StatusId, number>();
  for (const info of newest) {
    const result = executions.result(info.id);
    // It may be gone since.
    const meta = result.meta as SubmissionMeta | undefined;
    if (meta === undefined) continue;
    addOne(languages, meta.languageId);
    addOne(ends, verdictOf(info, result).statusId);
    await setImmediate();
  }
  const days = byDay(newest, nowMs);
  return {
    created_at: new Date(nowMs).toISOString(),
    cached_until: new Date(nowMs + CACHE_MS).toISOString(),
    submissions: {
      total: executions.count({ kind: judge0KindName }),
      today: days[dayOf(nowMs)],
      last_30_days: days,
    },
    languages: sorted(languages).map(([id, count]) => {
      return { language: { id, name: languageName(service.languages, id) }, count };
    }),
    statuses: sorted(ends).map(([id, count]) => {
      return { status: { id, name: statusOf(id).description }, count };
    }),
    database: { size_pretty: "unknown", size_in_bytes: null },
  };
}

function byDay(infos: readonly ExecutionInfo[], nowMs: number): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { createdAtMs } of infos) addOne(counts, dayOf(createdAtMs));
  const days = Array.from({ length: DAYS + 1 }, (_, ago) => dayOf(nowMs - ago * DAY_MS));
  return Object.fromEntries(days.map((day) => [day, counts.get(day) ?? 0]));
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function addOne<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sorted<Key>(counts: ReadonlyMap<Key, number>): (readonly [Key, number])[] {
  return [...counts].sort(([, left], [, right]) => right - left);
}
