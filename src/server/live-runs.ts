/**
 * @module
 * The runs that requests wait for: each ends with its client, and all end with the server.
 */
import type { FastifyReply } from "fastify";
import { shuttingDown } from "../service/executions/refusals.ts";

export interface LiveRuns {
  /**
   * Calls `work` with a signal that aborts when the client hangs up or the server stops.
   *
   * @returns Undefined where the client is gone: nobody reads an answer.
   * @throws {GloveboxError} `SHUTTING_DOWN` where the server stopped first.
   */
  during<T>(reply: FastifyReply, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>;
  /** From now on nothing is begun. Idempotent. */
  refuseNew(): void;
  /** Tells all runs to end; `idle` says when they have. */
  abortAll(): void;
  /** Resolves as soon as nothing runs. */
  idle(): Promise<void>;
}

/** One for all: its stack would say nothing, and takes its time. */
const hungUp = new Error("the client hung up");

export function createLiveRuns(): LiveRuns {
  const running = new Map<Promise<unknown>, AbortController>();
  let isStopping = false;

  return {
    async during(reply, work) {
      if (isStopping) throw shuttingDown();
      const controller = new AbortController();
      const onClose = (): void => {
        if (!reply.raw.writableFinished) controller.abort(hungUp);
      };
      // The response closes with its socket, in whatever state it is.
      reply.raw.once("close", onClose);
      if (reply.raw.destroyed) onClose();
      const run = work(controller.signal);
      running.set(run, controller);
      try {
        const result = await run;
        if (!controller.signal.aborted) return result;
      } catch (error) {
        if (!controller.signal.aborted) throw error;
      } finally {
        running.delete(run);
        reply.raw.off("close", onClose);
      }
      if (controller.signal.reason === hungUp) return undefined;
      throw shuttingDown();
    },

    refuseNew() {
      isStopping = true;
    },

    abortAll() {
      for (const controller of running.values()) controller.abort(shuttingDown());
    },

    async idle() {
      while (running.size > 0) await Promise.allSettled(running.keys());
    },
  };
}
