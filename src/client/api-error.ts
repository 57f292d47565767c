/**
 * @module
 * The one error of this client.
 */
import type { ErrorCode } from "../core/errors.ts";
import type { ErrorBody } from "./types.ts";

/**
 * `CONNECTION_FAILED`: no answer came, or not all of it. `BAD_ANSWER`: it is none of a Glovebox, as that
 * of a proxy in between.
 */
export type ClientErrorCode = "CONNECTION_FAILED" | "BAD_ANSWER";

export interface ApiErrorOptions extends ErrorBody {
  readonly status: number;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** The server failed, or refused, or can't be reached. Test `code`, never `message`. */
export class GloveboxApiError extends Error {
  override readonly name = "GloveboxApiError";
  /** Of the HTTP answer; 0 where there was none. */
  readonly status: number;
  readonly code: ErrorCode | ClientErrorCode | (string & {});
  /** What belongs to the code, see docs/errors.md. */
  readonly details: unknown;
  /** When trying again may help, where the server said so. */
  readonly retryAfterMs: number | undefined;

  constructor({ status, code, message, details, retryAfterMs, cause }: ApiErrorOptions) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.code = code;
    this.details = details;
    this.retryAfterMs = retryAfterMs;
  }
}

export function connectionFailed(what: string, cause?: unknown): GloveboxApiError {
  const reason = cause instanceof Error ? `: ${reasonOf(cause)}` : "";
  const message = `${what}${reason}`;
  return new GloveboxApiError({
    status: 0,
    code: "CONNECTION_FAILED",
    message,
    details: {},
    cause,
  });
}

/** `fetch` says no more than that it failed; why is in its cause, in Node. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error && cause.message !== "" ? cause.message : message;
}
