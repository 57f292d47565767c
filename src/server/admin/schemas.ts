/**
 * @module
 * The shapes of what an administrator sees, in the v1 API.
 */
import { z } from "zod";
import { scopes } from "../../core/caller.ts";
import { executionSchema, listQuerySchema } from "../executions/schemas.ts";

const count = z.int();
const ms = z.number();
const counts = z.record(z.string(), count);
const countsOfBoth = z.strictObject({ total: counts, recent: counts });
const percentile = ms.nullable();

const latencySchema = z.strictObject({
  count,
  p50_ms: percentile,
  p95_ms: percentile,
  p99_ms: percentile,
  buckets: z.array(z.strictObject({ up_to_ms: ms.nullable(), count })),
});

const poolSchema = z.strictObject({
  provider: z.string(),
  ready: count,
  ready_bytes: count,
  oldest_ms: ms,
  hits: count,
  misses: count,
  made: count,
  make_ms: ms,
  destroying: count,
  kinds: z.array(z.strictObject({ name: z.string(), ready: count, wanted: count })),
});

export const overviewSchema = z.strictObject({
  at: z.string(),
  version: z.string(),
  started_at: z.string(),
  provider: z.string(),
  slots: z.strictObject({
    total: count,
    used: count,
    memory_bytes: count,
    held_memory_bytes: count,
  }),
  queue: z.strictObject({
    length: count,
    oldest_wait_ms: ms,
    callers: z.array(
      z.strictObject({
        caller: z.string(),
        name: z.string().nullable(),
        queued: count,
        running: count,
      }),
    ),
    callers_omitted: count,
  }),
  pools: z.array(poolSchema),
  recent_ms: ms,
  outcomes: countsOfBoth,
  refusals: countsOfBoth,
  latency: z.strictObject({ queue_wait: latencySchema, run: latencySchema }),
  memory: z.strictObject({ rss_bytes: count, heap_used_bytes: count }),
  asks_open: count,
});

export const historySchema = z.strictObject({
  samples: z.array(
    z.strictObject({
      at: z.string(),
      span_ms: ms,
      running: count,
      queued: count,
      outcomes: counts,
      refused: count,
      run_p50_ms: percentile,
      run_p95_ms: percentile,
    }),
  ),
});

export const adminListQuerySchema = listQuerySchema.omit({ ids: true });

export const adminExecutionSchema = executionSchema
  .omit({ waiting_for: true, result: true, error: true })
  .extend({
    kind: z.string(),
    caller: z.string(),
    caller_name: z.string().nullable(),
    kept_bytes: count,
  });

export const adminExecutionsSchema = z.strictObject({
  executions: z.array(adminExecutionSchema),
  next_cursor: z.string().nullable(),
});

export const adminRunsSchema = z.strictObject({
  runs: z.array(
    z.strictObject({
      id: z.string(),
      route: z.string(),
      language: z.string().nullable(),
      caller: z.string(),
      caller_name: z.string().nullable(),
      begun_at: z.string(),
    }),
  ),
  omitted: count,
});

const time = z.string().nullable();

export const adminKeysSchema = z.strictObject({
  keys: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      scopes: z.array(z.enum(scopes)),
      state: z.enum(["active", "expired", "revoked"]),
      rules: z.record(z.string(), z.unknown()),
      created_at: z.string(),
      expires_at: time,
      revoked_at: time,
      last_used_at: time,
      executions_today: count.nullable(),
      requests_this_minute: count.nullable(),
    }),
  ),
  omitted: count,
});
