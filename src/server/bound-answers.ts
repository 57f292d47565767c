/**
 * @module
 * Bounds what answers hold while their clients do not read them: a run's slot is free by then, and the
 * next answer may come behind it.
 */
import type { FastifyInstance } from "fastify";
import { callerIdOf } from "./authenticate.ts";
import type { ByteBudget } from "./byte-budget.ts";

/** As text, and as the bytes that wait to be written. */
const COPIES = 2;
/** Smaller ones are bounded by the number of connections. */
const SMALL_BYTES = 64 * 1024;
/** Who reads more slowly, a little now and then, must not hold what others need. */
const MIN_BYTES_PER_SECOND = 128 * 1024;

export interface AnswerBounds {
  readonly budget: ByteBudget;
  /**
   * A client that takes nothing for so long loses its connection, and one that has not taken all in so
   * long and the time that the bytes take at 128 KiB a second.
   */
  readonly idleTimeoutMs: number;
}

/** What finds no room gets 429 instead. */
export function boundAnswers(app: FastifyInstance, bounds: AnswerBounds): void {
  app.addHook("onSend", async (request, reply, payload: unknown) => {
    if (typeof payload !== "string") return;
    const bytes = Buffer.byteLength(payload);
    if (bytes < SMALL_BYTES) return;
    reply.raw.setTimeout(bounds.idleTimeoutMs, () => {
      reply.raw.destroy();
    });
    const share = bounds.budget.open(() => callerIdOf(request));
    share.take(COPIES * bytes);
    const mostMs = bounds.idleTimeoutMs + (bytes / MIN_BYTES_PER_SECOND) * 1000;
    const deadline = setTimeout(() => reply.raw.destroy(), mostMs).unref();
    const release = (): void => {
      clearTimeout(deadline);
      share.close();
    };
    reply.raw.once("close", release);
    if (reply.raw.destroyed) release();
  });
}
