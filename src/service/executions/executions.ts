/**
 * @module
 * Executions that are answered later: accepted, kept, run in their turn, and found again. What was
 * accepted outlives this process: whoever starts next runs it.
 */
import { randomUUID } from "node:crypto";
import { GloveboxError, isGloveboxError } from "../../core/errors.ts";
import type { ExecutionFilter, ExecutionLists } from "../../storage/execution-lists.ts";
import type { ExecutionEnd, ExecutionsStore, NewExecution } from "../../storage/executions-store.ts";
import { collect, type CollectedExecution, type PhaseOutput } from "../collect.ts";
import { reportToJson, type PhaseJson, type ReportJson } from "../report-json.ts";
import type { ExecutionRequest, Turn } from "../request.ts";
import type { ExecutionService } from "../service.ts";
import {
  hasEnded,
  type ExecutionInfo,
  type ExecutionResult,
  type KeptError,
} from "./execution-info.ts";
import type { ExecutionKind, KindResult } from "./execution-kind.ts";
import { ActiveExecution, type ActiveInfo, type LiveExecution } from "./live-execution.ts";
import { OutputLog } from "./output-log.ts";
import { decodeRequest, encodeRequest } from "./request-codec.ts";
import type { Submission, Submitted } from "./submission.ts";

export interface ExecutionsOptions {
  readonly service: Pick<ExecutionService, "run" | "runLater">;
  readonly store: ExecutionsStore;
  readonly lists: ExecutionLists;
  /** Names this process, so that others can tell whether it lives. */
  readonly owner: string;
  readonly isAlive: (owner: string) => boolean;
  /** Accepted and not ended, of all callers. */
  readonly maxPending: number;
  /** How long one may wait for its slot. */
  readonly queueTimeoutMs: number;
  /** Called after each end. */
  readonly onEnd?: (info: ExecutionInfo) => void;
  /** Called with what nobody can be told. */
  readonly onFault: (error: unknown, executionId: string) => void;
}

/** One that ran when its server died is begun again, but not for ever: it may be what kills it. */
const MAX_ATTEMPTS = 3;
/** Another process's execution is looked at so often. */
const POLL_MS = 250;
const STORAGE_RETRY_MS = 1000;

export class Executions {
  readonly #options: ExecutionsOptions;
  readonly #kinds = new Map<string, ExecutionKind>();
  readonly #active = new Map<string, ActiveExecution>();
  readonly #running = new Set<Promise<void>>();
  #isClosing = false;

  constructor(options: ExecutionsOptions) {
    this.#options = options;
  }

  /** What a wire adds; before `recover`. */
  register(kind: ExecutionKind): void {
    this.#kinds.set(kind.name, kind);
  }

  kind(name: string): ExecutionKind | undefined {
    return this.#kinds.get(name);
  }

  /**
   * Takes over what dead processes left.
   *
   * @returns How many are queued again, and how many of them ran before.
   * @throws {GloveboxError} `STORAGE_UNAVAILABLE`
   */
  async recover(): Promise<{ readonly queued: number; readonly lost: number }> {
    const { store, owner, isAlive } = this.#options;
    const taken = await store.takeOver({
      isAlive,
      newOwner: owner,
      maxAttempts: MAX_ATTEMPTS,
      now: Date.now(),
    });
    for (const info of taken.queued) this.#start(info);
    for (const info of taken.lost) this.#options.onEnd?.(info);
    return { queued: taken.queued.length, lost: taken.lost.length };
  }

  /**
   * Accepts all, or none. When it resolves they are kept.
   *
   * @throws {GloveboxError} `CAPACITY_EXHAUSTED`, `CONFLICT` for an idempotency key that came with
   * another request, `SHUTTING_DOWN`, `STORAGE_UNAVAILABLE`
   */
  async submit(submissions: readonly Submission[]): Promise<readonly Submitted[]> {
    if (this.#isClosing) throw shuttingDown();
    const { maxPending, store } = this.#options;
    if (this.#active.size + submissions.length > maxPending) throw tooManyPending(maxPending);
    const inserted = await store.insert(submissions.map((each) => this.#toRow(each)));
    return inserted.map(({ execution, wasThere }, index) => {
      const hash = submissions[index]?.idempotency?.requestHash;
      if (wasThere && execution.requestHash !== hash) throw otherRequest(execution.id);
      if (!wasThere) this.#start(execution);
      return { info: execution, isReplayed: wasThere };
    });
  }

  /** @throws {GloveboxError} `EXECUTION_NOT_FOUND`, also for another caller's. */
  find(id: string, callerId?: string): ExecutionInfo {
    const [info] = this.findMany([id], callerId);
    if (info !== undefined) return info;
    throw new GloveboxError(
      "EXECUTION_NOT_FOUND",
      `no execution ${JSON.stringify(id.slice(0, 80))} is kept here: there was none, it is another key's, or it is too old.`,
      { executionId: id.slice(0, 80) },
    );
  }

  /** In the order of `ids`. */
  findMany(ids: readonly string[], callerId?: string): readonly (ExecutionInfo | undefined)[] {
    const stored = new Map(this.#options.store.findMany(ids).map((info) => [info.id, info]));
    return ids.map((id) => {
      const info = stored.get(id);
      if (info === undefined || (callerId !== undefined && info.callerId !== callerId)) return undefined;
      return info;
    });
  }

  /** Newest first. */
  list(
    { limit, before, ...filter }: ExecutionFilter & { readonly limit: number; readonly before?: number },
  ): readonly ExecutionInfo[] {
    const range = before === undefined ? { limit } : { limit, before };
    return this.#options.lists.list(filter, range);
  }

  /** Newest first. */
  page(
    { limit, offset, ...filter }: ExecutionFilter & { readonly limit: number; readonly offset: number },
  ): readonly ExecutionInfo[] {
    return this.#options.lists.page(filter, { limit, offset });
  }

  count(filter: ExecutionFilter): number {
    return this.#options.lists.count(filter);
  }

  /** What is kept of its end; empty before. */
  result(id: string): ExecutionResult {
    const stored = this.#options.store.result(id);
    const { result, error, meta } = stored ?? { result: null, error: null, meta: null };
    return {
      ...(result === null ? {} : { report: JSON.parse(result) as ReportJson }),
      ...(error === null ? {} : { error }),
      ...(meta === null ? {} : { meta: JSON.parse(meta) as unknown }),
    };
  }

  /** @throws {GloveboxError} `EXECUTION_NOT_FOUND` */
  request(id: string): ExecutionRequest {
    const bytes = this.#options.store.request(id);
    if (bytes === undefined) return this.find(id) as never;
    return decodeRequest(bytes, "empty");
  }

  /** Its output: live, or as it was kept. */
  log(id: string): OutputLog {
    const live = this.#active.get(id);
    if (live !== undefined) return live.log;
    const { report } = this.result(id);
    const segments = this.#options.store.result(id)?.segments ?? Buffer.alloc(0);
    return OutputLog.of(
      { compile: bytesOf(report?.compile), run: bytesOf(report?.run) },
      segments,
    );
  }

  /** Undefined where it has ended, or another process has it. */
  live(id: string): LiveExecution | undefined {
    return this.#active.get(id);
  }

  /** Accepted and not ended, of this process. */
  get pending(): number {
    return this.#active.size;
  }

  /**
   * Resolves at its end, or after `timeoutMs`, with what it is then.
   *
   * @throws The reason of `signal`.
   * @throws {GloveboxError} `EXECUTION_NOT_FOUND` where it was deleted meanwhile.
   */
  async wait(id: string, timeoutMs: number, signal: AbortSignal): Promise<ExecutionInfo> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const info = this.find(id);
      const leftMs = deadline - Date.now();
      if (hasEnded(info.state) || leftMs <= 0) return info;
      const live = this.#active.get(id);
      if (live === undefined) await untilChange(undefined, Math.min(POLL_MS, leftMs), signal);
      else await untilChange(live, leftMs, signal);
    }
  }

  /**
   * Ends it: it is `canceled`, with what it had written so far. Nothing happens where it has ended.
   *
   * @throws {GloveboxError} `EXECUTION_NOT_FOUND`, `CONFLICT` where another process runs it.
   */
  async cancel(id: string): Promise<ExecutionInfo> {
    const { store } = this.#options;
    if (await store.finishQueued(id, { state: "canceled", now: Date.now() })) {
      this.#active.get(id)?.controller.abort(new Error("canceled"));
      return this.find(id);
    }
    const info = this.find(id);
    if (hasEnded(info.state)) return info;
    const live = this.#active.get(id);
    if (live === undefined) throw conflict(`another server runs the execution ${id}`);
    live.controller.abort(new Error("canceled"));
    return this.wait(id, Infinity, new AbortController().signal);
  }

  /** @throws {GloveboxError} `EXECUTION_NOT_FOUND`, `CONFLICT` while it runs. */
  async remove(id: string): Promise<void> {
    const info = this.find(id);
    if (info.state === "queued") await this.cancel(id);
    if (await this.#options.store.remove(id)) return;
    if (this.findMany([id])[0] === undefined) return;
    throw conflict(`the execution ${id} is running; cancel it first`);
  }

  /** Takes nothing more. What waits stays kept for the next start; `idle` waits for what runs. */
  refuseNew(): void {
    this.#isClosing = true;
    for (const active of this.#active.values()) {
      if (active.info.state === "queued") active.controller.abort(shuttingDown());
    }
  }

  /** Ends what runs; it is begun again by the next start, where it can be. */
  abortAll(): void {
    for (const { controller } of this.#active.values()) controller.abort(shuttingDown());
  }

  /** Resolves when nothing runs here. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  #toRow(submission: Submission): NewExecution {
    const { caller, kind, request, language, priority = 0, isInteractive = false } = submission;
    const { meta, callbackUrl, idempotency } = submission;
    const { maxConcurrent } = caller.rules;
    const turn: Turn = {
      callerId: caller.id,
      priority,
      isAccepted: true,
      ...(maxConcurrent === undefined ? {} : { maxConcurrent }),
    };
    return {
      id: randomUUID(),
      callerId: caller.id,
      kind,
      priority,
      language,
      isInteractive,
      owner: this.#options.owner,
      createdAtMs: Date.now(),
      turn: JSON.stringify(keptTurn(turn, request)),
      request: encodeRequest({ ...request, turn }, isInteractive),
      ...(meta === undefined ? {} : { meta: JSON.stringify(meta) }),
      ...(callbackUrl === undefined ? {} : { callbackUrl }),
      ...(idempotency === undefined ? {} : { idempotency }),
    };
  }

  #start(info: ActiveInfo): void {
    const active = new ActiveExecution(info);
    this.#active.set(info.id, active);
    const running = this.#run(active)
      .catch((error: unknown) => {
        this.#options.onFault(error, info.id);
      })
      .finally(() => {
        this.#running.delete(running);
        this.#active.delete(info.id);
        active.close();
      });
    this.#running.add(running);
  }

  /** To its end, or to where the next start takes over. Rejects for no reason. */
  async #run(active: ActiveExecution): Promise<void> {
    for (;;) {
      const end = await this.#execute(active);
      if (end === "kept by others") break;
      if (end === "storage") {
        if (!(await this.#untilStorage(active))) return;
        continue;
      }
      await this.#keep(active, end);
      break;
    }
    const info = this.findMany([active.info.id])[0];
    if (info === undefined) return;
    active.update(info);
    if (hasEnded(info.state)) this.#options.onEnd?.(info);
  }

  /**
   * Waits for its turn and runs it.
   *
   * @returns How it ended; `kept by others` where that is written down already, or the next start will
   * run it; `storage` where the database could not be asked.
   */
  async #execute(active: ActiveExecution): Promise<ExecutionEnd | "kept by others" | "storage"> {
    const { signal } = active.controller;
    let isClaimed = false;
    const onClaim = (): void => void (isClaimed = true);
    try {
      const { collected, meta } = await this.#collect(active, onClaim);
      if (signal.aborted && isShuttingDown(signal.reason)) return "kept by others";
      const result = JSON.stringify(reportToJson(collected));
      return {
        state: signal.aborted ? "canceled" : "finished",
        result,
        segments: active.log.segments(),
        ...(meta === undefined ? {} : { meta: JSON.stringify(meta) }),
        now: Date.now(),
      };
    } catch (error) {
      if (error === superseded) return "kept by others";
      if (signal.aborted) {
        // Who canceled it while it waited has written that down.
        if (!isClaimed || isShuttingDown(signal.reason)) return "kept by others";
        return { state: "canceled", now: Date.now() };
      }
      if (!isClaimed && isGloveboxError(error) && error.code === "STORAGE_UNAVAILABLE") {
        return "storage";
      }
      return { state: "failed", error: this.#toKept(error, active.info.id), now: Date.now() };
    }
  }

  async #collect(active: ActiveExecution, onClaim: () => void): Promise<KindResult> {
    const { service } = this.#options;
    const { info, controller } = active;
    const kind = this.#kinds.get(info.kind);
    let request: ExecutionRequest | undefined;
    const runOnce = async (): Promise<CollectedExecution> => {
      if (request !== undefined) return collect(service, request, controller.signal);
      const load = async (): Promise<ExecutionRequest> => {
        request = { ...(await this.#load(active)), id: info.id };
        onClaim();
        return request;
      };
      return this.#runFirst(active, load);
    };
    if (kind?.execute === undefined) return { collected: await runOnce() };
    return kind.execute(runOnce, this.result(info.id).meta);
  }

  async #runFirst(
    active: ActiveExecution,
    load: () => Promise<ExecutionRequest>,
  ): Promise<CollectedExecution> {
    const { log, info, controller } = active;
    const { memoryBytes, origin, ...turn } = parseTurn(info);
    const timeoutMs = this.#options.queueTimeoutMs;
    const report = await this.#options.service.runLater(
      { turn: { ...turn, timeoutMs }, memoryBytes, origin, load },
      {
        onOutput: (phase, stream, chunk) => {
          log.add(phase, stream, chunk);
          return active.wrote(chunk.byteLength);
        },
      },
      controller.signal,
      (control) => {
        active.attach(control);
      },
    );
    return { report, output: { compile: log.output("compile"), run: log.output("run") } };
  }

  /** @throws `superseded` where it is no longer ours to run. */
  async #load(active: ActiveExecution): Promise<ExecutionRequest> {
    const { store, owner } = this.#options;
    const { id, attempts } = active.info;
    const now = Date.now();
    if (!(await store.claim(id, owner, now))) throw superseded;
    active.update({ state: "running", attempts: attempts + 1, startedAtMs: now });
    const bytes = store.request(id);
    if (bytes === undefined) throw superseded;
    return decodeRequest(bytes, active.stdin);
  }

  /** Writes its end down, however long the database can't be written to. */
  async #keep(active: ActiveExecution, end: ExecutionEnd): Promise<void> {
    const { store, owner } = this.#options;
    const { id } = active.info;
    for (;;) {
      try {
        // What was never begun, because it waited too long, has no owner's claim on it.
        if (await store.finish(id, owner, end)) return;
        await store.finishQueued(id, end);
        return;
      } catch (error) {
        if (!isGloveboxError(error) || error.code !== "STORAGE_UNAVAILABLE") throw error;
        this.#options.onFault(error, id);
        if (!(await this.#untilStorage(active))) return;
      }
    }
  }

  /** @returns False where this process ends: the next one does the rest. */
  async #untilStorage({ controller }: ActiveExecution): Promise<boolean> {
    await untilChange(undefined, STORAGE_RETRY_MS, controller.signal).catch(() => undefined);
    return !this.#isClosing;
  }

  #toKept(error: unknown, executionId: string): KeptError {
    if (isGloveboxError(error)) {
      const { code, message, details } = error;
      return { code, message, details };
    }
    this.#options.onFault(error, executionId);
    const message = `a fault in Glovebox, not in your request. The server's log has more under ${executionId}.`;
    return { code: "INTERNAL", message, details: { id: executionId } };
  }
}

/** What is asked before the request is loaded. */
type KeptTurn = Turn & Pick<ExecutionRequest, "origin"> & { readonly memoryBytes: number };

function keptTurn(turn: Turn, { limits, origin }: ExecutionRequest): KeptTurn {
  const { memoryBytes } = limits;
  return { ...turn, memoryBytes, ...(origin === undefined ? {} : { origin }) };
}

function parseTurn({ turn }: ActiveInfo): KeptTurn {
  return JSON.parse(turn) as KeptTurn;
}

/** It was canceled, or taken over, between its slot and its start. */
const superseded = new Error("superseded");

const bytesOf = (phase: PhaseJson | null | undefined): Pick<PhaseOutput, "stdout" | "stderr"> => ({
  stdout: Buffer.from(phase?.stdout ?? "", phase?.stdout_encoding),
  stderr: Buffer.from(phase?.stderr ?? "", phase?.stderr_encoding),
});

/** Resolves at the next change of `live`, or after the time. */
async function untilChange(
  live: LiveExecution | undefined,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      stopListening?.();
      signal.removeEventListener("abort", onAbort);
      resolve();
    };
    const onAbort = (): void => {
      end();
      reject(signal.reason as Error);
    };
    const timer = setTimeout(end, Math.min(timeoutMs, MAX_TIMER_MS));
    const stopListening = live?.onState(end);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/** setTimeout's own bound. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const isShuttingDown = (reason: unknown): boolean =>
  isGloveboxError(reason) && reason.code === "SHUTTING_DOWN";

function shuttingDown(): GloveboxError<"SHUTTING_DOWN"> {
  return new GloveboxError("SHUTTING_DOWN", "The server is stopping. Try again later.", {});
}

function tooManyPending(limit: number): GloveboxError<"CAPACITY_EXHAUSTED"> {
  const message = `${limit} executions that were accepted have not ended yet, the most that this server keeps. Try again later.`;
  return new GloveboxError("CAPACITY_EXHAUSTED", message, { limit });
}

function otherRequest(executionId: string): GloveboxError<"CONFLICT"> {
  return conflict(
    `the idempotency key came with another request before, for the execution ${executionId}. Use a new key for a new request`,
  );
}

function conflict(reason: string): GloveboxError<"CONFLICT"> {
  return new GloveboxError("CONFLICT", `${reason}.`, { reason });
}
