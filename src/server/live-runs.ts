/**
 * @module
 * The runs that requests wait for: each ends with its client, and all end with the server.
 */
import type { FastifyReply } from "fastify";
import { shuttingDown } from "../service/executions/refusals.ts";
import type { HeldRun, HeldRuns } from "./held-runs.ts";

export interface LiveRuns {
  /**
   * Calls `work` with a signal that aborts when the client hangs up, the server stops, or an
   * administrator ends it.
   *
   * @param about Where it runs a program: then administrators see it.
   * @returns Undefined where the client is gone: nobody reads an answer.
   * @throws {GloveboxError} `SHUTTING_DOWN` where the server stopped first, `NOT_ALLOWED` where an
   * administrator ended it.
   */
  during<T>(
    reply: FastifyReply,
    work: (signal: AbortSignal) => Promise<T>,
    about?: Pick<HeldRun, "route" | "callerId" | "language">,
  ): Promise<T | undefined>;
  /** From now on nothing is begun. Idempotent. */
  refuseNew(): void;
  /** Tells all runs to end; `idle` says when they have. */
  abortAll(): void;
  /** Resolves as soon as nothing runs. */
  idle(): Promise<void>;
}

/** One for all: its stack would say nothing, and takes its time. */
const hungUp = new Error("the client hung up");

export function createLiveRuns(held: HeldRuns): LiveRuns {
  const running = new Map<Promise<unknown>, AbortController>();
  let isStopping = false;

  return {
    async during(reply, work, about) {
      if (isStopping) throw shuttingDown();
      const controller = new AbortController();
      const onClose = (): void => {
        if (!reply.raw.writableFinished) controller.abort(hungUp);
      };
      // The response closes with its socket, in whatever state it is.
      reply.raw.once("close", onClose);
      if (reply.raw.destroyed) onClose();
      const end = (reason: Error): void => {
        controller.abort(reason);
      };
      const removeHeld = about && held.add(about, end);
      const run = work(controller.signal);
      running.set(run, controller);
      try {
        const result = await run;
        if (!controller.signal.aborted) return result;
      } catch (error) {
        if (!controller.signal.aborted) throw error;
      } finally {
        running.delete(run);
        removeHeld?.();
        reply.raw.off("close", onClose);
      }
      if (controller.signal.reason === hungUp) return undefined;
      throw controller.signal.reason;
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
