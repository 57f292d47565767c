/**
 * @module
 * What executions that are answered later are refused with.
 */
import { GloveboxError, isGloveboxError } from "../../core/errors.ts";

export const isShuttingDown = (reason: unknown): boolean =>
  isGloveboxError(reason) && reason.code === "SHUTTING_DOWN";

export function shuttingDown(): GloveboxError<"SHUTTING_DOWN"> {
  return new GloveboxError("SHUTTING_DOWN", "The server is stopping. Try again later.", {});
}

export function tooManyPending(limit: number): GloveboxError<"CAPACITY_EXHAUSTED"> {
  const message = `${limit} executions that were accepted have not ended yet, the most that this server keeps. Try again later.`;
  return new GloveboxError("CAPACITY_EXHAUSTED", message, { limit });
}

export function tooManyPendingBytes(limitBytes: number): GloveboxError<"CAPACITY_EXHAUSTED"> {
  const message = `executions that were accepted and have not ended yet hold ${limitBytes} bytes, the most that this server keeps. Try again later.`;
  return new GloveboxError("CAPACITY_EXHAUSTED", message, { limit: limitBytes });
}

export function otherRequest(executionId: string): GloveboxError<"CONFLICT"> {
  return conflict(
    `the idempotency key came with another request before, for the execution ${executionId}. Use a new key for a new request`,
  );
}

export function conflict(reason: string): GloveboxError<"CONFLICT"> {
  return new GloveboxError("CONFLICT", `${reason}.`, { reason });
}

export function notFound(id: string): GloveboxError<"EXECUTION_NOT_FOUND"> {
  const shown = id.slice(0, 80);
  return new GloveboxError(
    "EXECUTION_NOT_FOUND",
    `no execution ${JSON.stringify(shown)} is kept here: there was none, it is another key's, or it is too old.`,
    { executionId: shown },
  );
}
