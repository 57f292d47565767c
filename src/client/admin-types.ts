/**
 * @module
 * What an administrator sees of a server, as the JSON of the v1 API has it. Times are ISO 8601, UTC.
 */
import type { Execution } from "./types.ts";

type Counts = Readonly<Record<string, number>>;

/** Since the server started, and of late: `recent_ms`. */
interface BothCounts {
  readonly total: Counts;
  readonly recent: Counts;
}

/** Of late; null where nothing was measured. */
interface Latency {
  readonly count: number;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
  /** Each without those before it; null: no bound. */
  readonly buckets: readonly { readonly up_to_ms: number | null; readonly count: number }[];
}

export interface AdminOverview {
  readonly at: string;
  readonly version: string;
  readonly started_at: string;
  readonly provider: string;
  readonly slots: {
    readonly total: number;
    readonly used: number;
    readonly memory_bytes: number;
    readonly held_memory_bytes: number;
  };
  readonly queue: {
    readonly length: number;
    readonly oldest_wait_ms: number;
    /** Those with the most. */
    readonly callers: readonly {
      readonly caller: string;
      readonly name: string | null;
      readonly queued: number;
      readonly running: number;
    }[];
    readonly callers_omitted: number;
  };
  readonly pools: readonly {
    readonly provider: string;
    readonly ready: number;
    readonly ready_bytes: number;
    readonly oldest_ms: number;
    readonly hits: number;
    readonly misses: number;
    readonly made: number;
    readonly make_ms: number;
    readonly destroying: number;
    readonly kinds: readonly {
      readonly name: string;
      readonly ready: number;
      readonly wanted: number;
    }[];
  }[];
  readonly recent_ms: number;
  readonly outcomes: BothCounts;
  /** By code of the error. */
  readonly refusals: BothCounts;
  readonly latency: { readonly queue_wait: Latency; readonly run: Latency };
  readonly memory: { readonly rss_bytes: number; readonly heap_used_bytes: number };
  readonly asks_open: number;
}

export interface AdminHistory {
  /** The oldest first. */
  readonly samples: readonly {
    readonly at: string;
    readonly span_ms: number;
    readonly running: number;
    readonly queued: number;
    readonly outcomes: Counts;
    readonly refused: number;
    readonly run_p50_ms: number | null;
    readonly run_p95_ms: number | null;
  }[];
}

export interface AdminExecutions {
  readonly executions: readonly (Omit<Execution, "waiting_for" | "result" | "error"> & {
    readonly kind: string;
    readonly caller: string;
    readonly caller_name: string | null;
    readonly kept_bytes: number;
  })[];
  readonly next_cursor: string | null;
}

/** Those whose callers hold a connection open. */
export interface AdminRuns {
  /** The oldest first. */
  readonly runs: readonly {
    readonly id: string;
    /** `POST /v1/execute` */
    readonly route: string;
    readonly language: string | null;
    readonly caller: string;
    readonly caller_name: string | null;
    readonly begun_at: string;
  }[];
  readonly omitted: number;
}

export interface AdminKeys {
  readonly keys: readonly {
    readonly id: string;
    readonly name: string;
    readonly scopes: readonly ("run" | "admin")[];
    readonly state: "active" | "expired" | "revoked";
    readonly rules: Readonly<Record<string, unknown>>;
    readonly created_at: string;
    readonly expires_at: string | null;
    readonly revoked_at: string | null;
    readonly last_used_at: string | null;
    /** Null where nobody counts them: the key has no such rule. */
    readonly executions_today: number | null;
    readonly requests_this_minute: number | null;
  }[];
  readonly omitted: number;
}
