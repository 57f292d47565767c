/**
 * @module
 * One accepted execution, from its turn to its end in the database.
 */
import { setTimeout } from "node:timers/promises";
import { isGloveboxError } from "../../core/errors.ts";
import type { ExecutionEnd, ExecutionsStore } from "../../storage/executions-store.ts";
import { collect, type CollectedExecution } from "../collect.ts";
import { reportToJson } from "../report-json.ts";
import type { ExecutionRequest } from "../request.ts";
import type { LaterExecution } from "../later-execution.ts";
import type { ExecutionService } from "../service.ts";
import type { KeptError } from "./execution-info.ts";
import type { ExecutionKind, KindResult } from "./execution-kind.ts";
import { parseTurn } from "./kept-turn.ts";
import type { ActiveExecution } from "./live-execution.ts";
import type { Slot } from "../slots.ts";
import { isShuttingDown } from "./refusals.ts";
import { decodeRequest } from "./request-codec.ts";

export interface RunnerOptions {
  readonly service: Pick<ExecutionService, "run" | "runLater" | "waitForSlot">;
  readonly store: ExecutionsStore;
  readonly owner: string;
  readonly queueTimeoutMs: number;
  readonly kind: (name: string) => ExecutionKind | undefined;
  readonly isClosing: () => boolean;
  /** Called with what nobody can be told. */
  readonly onFault: (error: unknown, executionId: string) => void;
}

/** In its slot. */
type Place = Omit<LaterExecution, "load">;

const STORAGE_RETRY_MS = 1000;

type Unfinished = "kept by others" | "stopping" | "storage";

/** It was canceled, or taken over, between its slot and its start. */
const superseded = new Error("superseded");

export class ExecutionRunner {
  readonly #options: RunnerOptions;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** To its end, or to where the next start takes over. Rejects for no reason. */
  async run(active: ActiveExecution): Promise<void> {
    const { store, owner } = this.#options;
    for (;;) {
      const end = await this.#execute(active);
      if (end === "kept by others") break;
      if (end === "stopping") {
        // Where that fails it is taken for one whose server died, and begun again all the same.
        await store.putBack(active.info.id, owner).catch(() => false);
        break;
      }
      if (end === "storage") {
        if (!(await this.#untilStorage())) return;
        continue;
      }
      await this.#keep(active, end);
      break;
    }
  }

  /**
   * Waits for its turn and runs it.
   *
   * @returns How it ended; `kept by others` where that is written down already, or the next start will
   * run it; `stopping` where it was begun, and the next start is to begin it anew; `storage` where the
   * database could not be asked.
   */
  async #execute(active: ActiveExecution): Promise<ExecutionEnd | Unfinished> {
    const { signal } = active;
    const { queueTimeoutMs: timeoutMs, service, isClosing } = this.#options;
    const { memoryBytes, origin, ...turn } = parseTurn(active.info);
    const place = { turn: { ...turn, timeoutMs }, memoryBytes, origin };
    // From the moment at which the database says so, too.
    const isClaimed = (): boolean => active.info.state === "running";
    let slot: Slot | undefined;
    try {
      slot = await service.waitForSlot(place, signal);
      const { collected, meta } = await this.#collect(active, { ...place, slot });
      if (signal.aborted && isShuttingDown(signal.reason)) return "stopping";
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
        if (!isClaimed()) return "kept by others";
        if (isShuttingDown(signal.reason)) return "stopping";
        return { state: "canceled", now: Date.now() };
      }
      // Of one that nobody can answer any more.
      if (isClosing() && isShuttingDown(error)) return "stopping";
      if (!isClaimed() && isGloveboxError(error) && error.code === "STORAGE_UNAVAILABLE") {
        return "storage";
      }
      return { state: "failed", error: this.#toKept(error, active.info.id), now: Date.now() };
    } finally {
      slot?.release();
    }
  }

  async #collect(active: ActiveExecution, place: Place): Promise<KindResult> {
    const { service } = this.#options;
    const { info, signal } = active;
    const kind = this.#options.kind(info.kind);
    let request: ExecutionRequest | undefined;
    const runOnce = async (): Promise<CollectedExecution> => {
      if (request !== undefined) return collect(service, request, signal);
      const load = async (): Promise<ExecutionRequest> => {
        request = { ...(await this.#load(active)), id: info.id };
        return request;
      };
      return this.#runFirst(active, { ...place, load });
    };
    if (kind?.execute === undefined) return { collected: await runOnce() };
    return kind.execute(runOnce, this.#metaOf(info.id));
  }

  async #runFirst(active: ActiveExecution, later: LaterExecution): Promise<CollectedExecution> {
    const report = await this.#options.service.runLater(
      later,
      {
        onOutput: (phase, stream, chunk) => {
          active.log.add(phase, stream, chunk);
          return active.wrote(chunk.byteLength);
        },
      },
      active.signal,
      (control) => {
        active.attach(control);
      },
    );
    const { log } = active;
    return { report, output: { compile: log.output("compile"), run: log.output("run") } };
  }

  /** @throws `superseded` where it is no longer ours to run. */
  async #load(active: ActiveExecution): Promise<ExecutionRequest> {
    active.signal.throwIfAborted();
    const { store, owner } = this.#options;
    const { id, attempts } = active.info;
    // Before it is claimed: where this can't be read, it has not been begun.
    const bytes = store.request(id);
    const now = Date.now();
    if (bytes === undefined || !(await store.claim(id, owner, now))) throw superseded;
    active.update({ state: "running", attempts: attempts + 1, startedAtMs: now });
    const request = decodeRequest(bytes, active.stdin);
    active.begin(request.limits);
    return request;
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
        if (!(await this.#untilStorage())) return;
      }
    }
  }

  /** @returns False where this process ends: the next one does the rest. */
  async #untilStorage(): Promise<boolean> {
    // Also for one that was canceled: its end must be written down.
    await setTimeout(STORAGE_RETRY_MS);
    return !this.#options.isClosing();
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

  #metaOf(id: string): unknown {
    const meta = this.#options.store.result(id)?.meta ?? null;
    return meta === null ? undefined : (JSON.parse(meta) as unknown);
  }
}
