/**
 * @module
 * Executions that are answered later: accepted, kept, run in their turn, and found again. What was
 * accepted outlives this process: whoever starts next runs it.
 */
import type { ExecutionFilter, ExecutionLists } from "../../storage/execution-lists.ts";
import { carriedBytes } from "../../storage/executions-store.ts";
import type { ExecutionsStore, Inserted } from "../../storage/executions-store.ts";
import type { ExecutionRequest } from "../request.ts";
import type { ExecutionService } from "../service.ts";
import { hasEnded, type ExecutionInfo, type ExecutionResult } from "./execution-info.ts";
import type { ExecutionKind } from "./execution-kind.ts";
import { ExecutionRunner } from "./execution-runner.ts";
import { ActiveExecution, type ActiveInfo, type LiveExecution } from "./live-execution.ts";
import { keptLog, keptResult } from "./kept-result.ts";
import type { OutputLog } from "./output-log.ts";
import { PendingShares, type PendingBounds } from "./pending-shares.ts";
import { conflict, notFound, otherRequest, shuttingDown } from "./refusals.ts";
import { decodeRequest } from "./request-codec.ts";
import { toRow, type Idempotency, type Submission, type Submitted } from "./submission.ts";
import { untilChange } from "./until-change.ts";

export interface ExecutionsOptions extends PendingBounds {
  readonly service: Pick<ExecutionService, "run" | "runLater" | "waitForSlot">;
  readonly store: ExecutionsStore;
  readonly lists: ExecutionLists;
  /** Names this process, so that others can tell whether it lives. */
  readonly owner: string;
  readonly isAlive: (owner: string) => boolean;
  /** How long one may wait for its slot. */
  readonly queueTimeoutMs: number;
  /** Called after each end. */
  readonly onEnd?: (info: ExecutionInfo) => void;
  /** Called with what nobody can be told. */
  readonly onFault: (error: unknown, executionId: string) => void;
}

/** One that ran when its server died is begun again, but not for ever: it may be what kills it. */
const MAX_DEATHS = 3;
/** Another process's execution is looked at so often. */
const POLL_MS = 250;

export class Executions {
  readonly #options: ExecutionsOptions;
  readonly #kinds = new Map<string, ExecutionKind>();
  readonly #active = new Map<string, ActiveExecution>();
  readonly #running = new Set<Promise<void>>();
  readonly #runner: ExecutionRunner;
  readonly #pendingShares: PendingShares;
  #isClosing = false;

  constructor(options: ExecutionsOptions) {
    this.#options = options;
    this.#pendingShares = new PendingShares(options);
    this.#runner = new ExecutionRunner({
      ...options,
      kind: (name) => this.#kinds.get(name),
      isClosing: () => this.#isClosing,
    });
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
      maxDeaths: MAX_DEATHS,
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
    const { store, owner } = this.#options;
    const rows = submissions.map((each) => toRow(each, owner));
    const giveBack = this.#pendingShares.take(
      rows.map((row) => ({ callerId: row.callerId, bytes: carriedBytes(row) })),
    );
    let inserted: readonly Inserted[];
    try {
      inserted = await store.insert(rows);
      // From then on each has its share, see `#start`: there is no moment between the two.
      for (const { execution, wasThere } of inserted) {
        if (!wasThere) this.#start(execution);
      }
    } finally {
      giveBack();
    }
    return inserted.map(({ execution, wasThere }, index) => {
      const hash = submissions[index]?.idempotency?.requestHash;
      if (wasThere && execution.requestHash !== hash) throw otherRequest(execution.id);
      return { info: execution, isReplayed: wasThere };
    });
  }

  /**
   * The execution that came with this key before.
   *
   * @throws {GloveboxError} `CONFLICT` where it came with another request.
   */
  findReplayed(callerId: string, { key, requestHash }: Idempotency): ExecutionInfo | undefined {
    const found = this.#options.store.findByIdempotencyKey(callerId, key);
    if (found !== undefined && found.requestHash !== requestHash) throw otherRequest(found.id);
    return found;
  }

  /** @throws {GloveboxError} `EXECUTION_NOT_FOUND`, also for another caller's. */
  find(id: string, callerId?: string): ExecutionInfo {
    const [info] = this.findMany([id], callerId);
    if (info !== undefined) return info;
    throw notFound(id);
  }

  /** In the order of `ids`. */
  findMany(ids: readonly string[], callerId?: string): readonly (ExecutionInfo | undefined)[] {
    const stored = new Map(this.#options.store.findMany(ids).map((info) => [info.id, info]));
    return ids.map((id) => {
      const info = stored.get(id);
      if (info === undefined || (callerId !== undefined && info.callerId !== callerId))
        return undefined;
      return info;
    });
  }

  /** Newest first. */
  list({
    limit,
    before,
    ...filter
  }: ExecutionFilter & {
    readonly limit: number;
    readonly before?: number;
  }): readonly ExecutionInfo[] {
    const range = before === undefined ? { limit } : { limit, before };
    return this.#options.lists.list(filter, range);
  }

  /** Newest first. */
  page({
    limit,
    offset,
    ...filter
  }: ExecutionFilter & {
    readonly limit: number;
    readonly offset: number;
  }): readonly ExecutionInfo[] {
    return this.#options.lists.page(filter, { limit, offset });
  }

  count(filter: ExecutionFilter): number {
    return this.#options.lists.count(filter);
  }

  /** What is kept of its end; empty before. */
  result(id: string): ExecutionResult {
    return keptResult(this.#options.store.result(id));
  }

  /** @throws {GloveboxError} `EXECUTION_NOT_FOUND` */
  request(id: string): ExecutionRequest {
    const bytes = this.#options.store.request(id);
    if (bytes === undefined) throw notFound(id);
    return decodeRequest(bytes, "empty");
  }

  /** Its output: live, or as it was kept. */
  log(id: string): OutputLog {
    const live = this.live(id);
    if (live !== undefined) return live.log;
    return keptLog(this.#options.store.result(id));
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
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const info = this.find(id);
      const leftMs = deadline - performance.now();
      if (hasEnded(info.state) || leftMs <= 0) return info;
      const live = this.#active.get(id);
      if (live === undefined && this.#isClosing) throw shuttingDown();
      if (live === undefined) await untilChange(undefined, Math.min(POLL_MS, leftMs), signal);
      else await untilChange(live, leftMs, signal);
    }
  }

  /**
   * Ends it: it is `canceled`, with what it had written so far. Nothing happens where it has ended.
   *
   * @throws {GloveboxError} `EXECUTION_NOT_FOUND`, `CONFLICT` where another process runs it.
   * @throws The reason of `signal`, where its end is not written down by then.
   */
  async cancel(id: string, signal: AbortSignal): Promise<ExecutionInfo> {
    const { store } = this.#options;
    if (await store.finishQueued(id, { state: "canceled", now: Date.now() })) {
      this.#active.get(id)?.abort(new Error("canceled"));
      return this.find(id);
    }
    const info = this.find(id);
    if (hasEnded(info.state)) return info;
    const live = this.#active.get(id);
    if (live === undefined && this.#isClosing) throw shuttingDown();
    if (live === undefined) throw conflict(`another server runs the execution ${id}`);
    live.abort(new Error("canceled"));
    return this.wait(id, Infinity, signal);
  }

  /** @throws {GloveboxError} `EXECUTION_NOT_FOUND`, `CONFLICT` while it waits or runs. */
  async remove(id: string): Promise<void> {
    this.find(id);
    if (await this.#options.store.remove(id)) return;
    if (this.findMany([id])[0] === undefined) return;
    throw conflict(`the execution ${id} has not ended; cancel it first`);
  }

  /** Takes nothing more. What waits stays kept for the next start; `idle` waits for what runs. */
  refuseNew(): void {
    this.#isClosing = true;
    for (const active of this.#active.values()) {
      if (active.info.state === "queued") active.abort(shuttingDown());
    }
  }

  /** Ends what runs; it is begun again by the next start, where it can be. */
  abortAll(): void {
    for (const active of this.#active.values()) active.abort(shuttingDown());
  }

  /** Resolves when nothing runs here. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  #start(info: ActiveInfo): void {
    // What was accepted while this process began to stop is the next one's.
    if (this.#isClosing) return;
    const active = new ActiveExecution(info);
    this.#active.set(info.id, active);
    const giveBack = this.#pendingShares.add(info);
    const running = this.#run(active)
      .catch((error: unknown) => {
        this.#options.onFault(error, info.id);
      })
      .finally(() => {
        this.#running.delete(running);
        this.#active.delete(info.id);
        giveBack();
        active.close();
      });
    this.#running.add(running);
  }

  async #run(active: ActiveExecution): Promise<void> {
    await this.#runner.run(active);
    const [info] = this.#options.store.findMany([active.info.id]);
    if (info === undefined) return;
    active.update(info);
    if (hasEnded(info.state)) this.#options.onEnd?.(info);
  }
}
