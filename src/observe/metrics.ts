/**
 * @module
 * What the server counts and measures, for Prometheus. Every label has a bounded set of values: no
 * caller can make a series.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { ErrorCode } from "../core/errors.ts";
import type { Outcome } from "../core/outcome.ts";
import { outcomeLabel } from "./outcome-label.ts";
import { watchProcess } from "./process-metrics.ts";
import { readTotals, type Totals } from "./totals.ts";

export interface EndedPhase {
  readonly languageId: string;
  readonly phase: "compile" | "run";
  readonly outcome: Outcome;
  readonly wallTimeMs: number;
}

export interface EndedRequest {
  /** The pattern of the route, `/v1/executions/:id`; absent where no route has the path. */
  readonly route?: string;
  readonly method: string;
  /** `aborted`: the client went away before the whole answer. `101`: a WebSocket has ended. */
  readonly status: number | "aborted";
  readonly elapsedMs: number;
}

/** Of one request to a callback URL: `retried` failed and will be repeated, `failed` will not. */
export type CallbackResult = "delivered" | "retried" | "failed";

/** `withdrawn`: whoever asked was gone, or another answer told it. */
export type QuestionEnd = "allowed" | "denied" | "timeout" | "withdrawn";

export interface Metrics {
  /** A phase of an execution came to its end, whatever end. */
  executionEnded(ended: EndedPhase): void;
  /** An execution got its slot, or left the queue without one. */
  queueWaited(waitMs: number): void;
  /** A request, or an execution that was accepted, got an error of ours instead of an outcome. */
  refused(code: ErrorCode): void;
  requestEnded(ended: EndedRequest): void;
  sweepEnded(provider: string, result: "done" | "failed"): void;
  callbackEnded(result: CallbackResult): void;
  questionEnded(end: QuestionEnd): void;
  /** An execution was given up because the server died while it ran. */
  executionLost(): void;
  /** From now on, each scrape has these. A name can be given once. */
  watch(readings: Readings): void;
  scrape(): Promise<Scrape>;
  /** Some of what a scrape has, as numbers. */
  totals(): Promise<Totals>;
  /** Ends what measures the process. Idempotent. */
  close(): void;
}

export interface Scrape {
  readonly contentType: string;
  readonly body: string;
}

/** Called at each scrape; must be quick. One that throws has no value in that scrape. */
export type Readings = Readonly<Partial<Record<keyof typeof readingTable, () => number>>>;

const readingTable = {
  queueWaiting: ["gauge", "glovebox_queue_waiting", "Executions that wait for a slot."],
  slotsRunning: ["gauge", "glovebox_slots_running", "Slots that are taken."],
  slots: ["gauge", "glovebox_slots", "Slots that there are."],
  memoryHeldBytes: [
    "gauge",
    "glovebox_memory_held_bytes",
    "Memory that running executions may use, by their limits.",
  ],
  poolReady: ["gauge", "glovebox_pool_ready", "Sandboxes that are kept ready."],
  poolReadyBytes: [
    "gauge",
    "glovebox_pool_ready_bytes",
    "Memory that they hold, as far as it is known.",
  ],
  poolOldestSeconds: [
    "gauge",
    "glovebox_pool_oldest_age_seconds",
    "How long the oldest of them has been waiting, 0 where there is none.",
  ],
  poolHits: ["counter", "glovebox_pool_hits_total", "Executions that found a sandbox ready."],
  poolMisses: [
    "counter",
    "glovebox_pool_misses_total",
    "Executions that had to wait for a sandbox to be made.",
  ],
  poolMade: ["counter", "glovebox_pool_made_total", "Sandboxes that were made to be kept ready."],
  poolMakeSeconds: [
    "counter",
    "glovebox_pool_make_seconds_total",
    "Time that making them took, in sum.",
  ],
  sandboxesDestroying: [
    "gauge",
    "glovebox_sandboxes_destroying",
    "Sandboxes that are being destroyed.",
  ],
  questionsOpen: ["gauge", "glovebox_questions_open", "Questions that wait for an answer."],
  storageBytes: ["gauge", "glovebox_storage_bytes", "Size of the database."],
  auditLinesLost: [
    "counter",
    "glovebox_audit_lines_lost_total",
    "Lines of the audit log that could not be written.",
  ],
} as const satisfies Record<string, readonly ["gauge" | "counter", name: string, help: string]>;

const executionBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const waitBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60];

/** What a client writes as its method is text; these are what routes have. */
const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

export interface MetricsOptions {
  /** All that there are; any other is counted as `other`. */
  readonly languageIds: Iterable<string>;
}

/** Metrics with a registry of their own. The caller closes them. */
export function createMetrics({ languageIds }: MetricsOptions): Metrics {
  const registry = new Registry();
  const series = createSeries(registry);
  const endProcess = watchProcess(registry);
  const languages = new Set(languageIds);

  return {
    executionEnded({ languageId, phase, outcome, wallTimeMs }) {
      const language = languages.has(languageId) ? languageId : "other";
      series.executions.inc({ language, phase, outcome: outcomeLabel(outcome) });
      series.executionSeconds.observe({ language, phase }, seconds(wallTimeMs));
    },
    queueWaited: (waitMs) => {
      series.queueWait.observe(seconds(waitMs));
    },
    refused: (code) => {
      series.refused.inc({ code });
    },
    requestEnded({ route = "unknown", method, status, elapsedMs }) {
      const known = methods.has(method) ? method : "other";
      series.requests.inc({ route, method: known, status });
      // How long a conversation was kept up says nothing about how quickly we answer.
      if (status !== 101) series.requestSeconds.observe({ route }, seconds(elapsedMs));
    },
    sweepEnded: (provider, result) => {
      series.sweeps.inc({ provider, result });
    },
    callbackEnded: (result) => {
      series.callbacks.inc({ result });
    },
    questionEnded: (end) => {
      series.questions.inc({ end });
    },
    executionLost: () => {
      series.lost.inc();
    },
    watch: (readings) => {
      watch(registry, readings);
    },
    scrape: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    totals: async () =>
      readTotals({
        ...series,
        slotsRunning: gaugeOf(registry, "slotsRunning"),
        queueWaiting: gaugeOf(registry, "queueWaiting"),
      }),
    close: endProcess,
  };
}

function gaugeOf(registry: Registry, reading: keyof Readings): Gauge | undefined {
  const [, name] = readingTable[reading];
  return registry.getSingleMetric(name) as Gauge | undefined;
}

/** Prometheus counts in seconds. Some clocks go back a little. */
function seconds(ms: number): number {
  return Math.max(0, ms) / 1000;
}

function createSeries(registry: Registry) {
  const registers = [registry];
  return {
    executions: new Counter({
      name: "glovebox_executions_total",
      help: "Phases of executions that came to their end.",
      labelNames: ["language", "outcome", "phase"],
      registers,
    }),
    executionSeconds: new Histogram({
      name: "glovebox_execution_seconds",
      help: "Wall time of programs and compilers.",
      labelNames: ["language", "phase"],
      buckets: executionBuckets,
      registers,
    }),
    queueWait: new Histogram({
      name: "glovebox_queue_wait_seconds",
      help: "Time that executions waited for their slot.",
      buckets: waitBuckets,
      registers,
    }),
    refused: new Counter({
      name: "glovebox_refused_total",
      help: "Requests and executions that ended with an error of Glovebox, by its code.",
      labelNames: ["code"],
      registers,
    }),
    requests: new Counter({
      name: "glovebox_http_requests_total",
      help: "HTTP requests that have ended.",
      labelNames: ["route", "method", "status"],
      registers,
    }),
    requestSeconds: new Histogram({
      name: "glovebox_http_request_seconds",
      help: "Time from an HTTP request's headers to the end of its answer.",
      labelNames: ["route"],
      buckets: executionBuckets,
      registers,
    }),
    ...createCounters(registers),
  };
}

function createCounters(registers: Registry[]) {
  return {
    sweeps: new Counter({
      name: "glovebox_sweeps_total",
      help: "Searches for what killed owners left behind.",
      labelNames: ["provider", "result"],
      registers,
    }),
    questions: new Counter({
      name: "glovebox_questions_total",
      help: "Questions of executions that are no longer open.",
      labelNames: ["end"],
      registers,
    }),
    callbacks: new Counter({
      name: "glovebox_callbacks_total",
      help: "Requests to callback URLs.",
      labelNames: ["result"],
      registers,
    }),
    lost: new Counter({
      name: "glovebox_executions_lost_total",
      help: "Accepted executions that were given up because the server died while they ran.",
      registers,
    }),
  };
}

function watch(registry: Registry, readings: Readings): void {
  for (const [key, read] of Object.entries(readings)) {
    const [type, name, help] = readingTable[key as keyof Readings];
    const safeRead = (): number => {
      try {
        return read();
      } catch {
        // A locked database must not hide all the rest. NaN is a value of the format.
        return Number.NaN;
      }
    };
    const common = { name, help, registers: [registry] };
    if (type === "gauge") {
      new Gauge({
        ...common,
        collect() {
          this.set(safeRead());
        },
      });
    } else {
      new Counter({
        ...common,
        collect() {
          const value = safeRead();
          if (Number.isNaN(value)) return;
          this.reset();
          this.inc(value);
        },
      });
    }
  }
}
