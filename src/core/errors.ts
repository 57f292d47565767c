/**
 * @module
 * Failures of our side. The program's own end is never an error: it is an `Outcome`.
 */

/** One row per failure of *our* side. Rows feed the HTTP status, the CLI exit code and docs/errors.md. */
export const errorCatalog = {
  /** The request is malformed, or one of its values is out of range. */
  INVALID_REQUEST: { status: 400, exitCode: 2, retryable: false },
  /** The configuration file, environment or command line of the server is invalid. */
  INVALID_CONFIG: { status: 500, exitCode: 2, retryable: false },
  /** No language has this name, alias, extension or shebang. */
  UNKNOWN_LANGUAGE: { status: 400, exitCode: 2, retryable: false },
  /** The language is known, but this host has no runtime for it, or not in the version asked for. */
  LANGUAGE_NOT_INSTALLED: { status: 422, exitCode: 125, retryable: false },
  /** The image is not on this host, and was not or could not be pulled. */
  IMAGE_NOT_FOUND: { status: 422, exitCode: 125, retryable: false },
  /** The server wants a key, and the request has none that is good. */
  UNAUTHENTICATED: { status: 401, exitCode: 125, retryable: false },
  /** The operator does not allow what the caller asked for. */
  NOT_ALLOWED: { status: 403, exitCode: 125, retryable: false },
  /** A control was asked for that this host cannot enforce. Nothing was run. */
  POLICY_UNENFORCEABLE: { status: 422, exitCode: 125, retryable: false },
  /** No endpoint has this path. */
  NOT_FOUND: { status: 404, exitCode: 125, retryable: false },
  /** The endpoint exists, but not for this HTTP method. */
  METHOD_NOT_ALLOWED: { status: 405, exitCode: 125, retryable: false },
  /** The request did not arrive in the time that the server gives it. */
  REQUEST_TIMEOUT: { status: 408, exitCode: 125, retryable: true },
  /** The request's body is larger than the operator allows. */
  BODY_TOO_LARGE: { status: 413, exitCode: 2, retryable: false },
  /** The request's body is not JSON, or is compressed. */
  UNSUPPORTED_MEDIA_TYPE: { status: 415, exitCode: 2, retryable: false },
  /** All slots are taken and the queue is full, or requests hold all memory that they may. */
  CAPACITY_EXHAUSTED: { status: 429, exitCode: 125, retryable: true },
  /** The caller's key has sent more requests than it may in a minute. */
  RATE_LIMITED: { status: 429, exitCode: 125, retryable: true },
  /** The caller's key has had all the executions that it may have in a day. */
  QUOTA_EXHAUSTED: { status: 429, exitCode: 125, retryable: true },
  /** No slot came free in the time that an execution may wait for one. */
  QUEUE_TIMEOUT: { status: 503, exitCode: 125, retryable: true },
  /** No execution of this caller has this id: there was none, or it is no longer kept. */
  EXECUTION_NOT_FOUND: { status: 404, exitCode: 125, retryable: false },
  /** No execution of this caller asked a question with this id, or it is long over. */
  ASK_NOT_FOUND: { status: 404, exitCode: 125, retryable: false },
  /** No program is behind this link: there was none, or it was removed, or grew old. */
  SHARE_NOT_FOUND: { status: 404, exitCode: 125, retryable: false },
  /** The server died while the execution ran, and it can't be run again, or was too often. */
  EXECUTION_LOST: { status: 500, exitCode: 125, retryable: true },
  /** What was asked for does not go together with the state of things. */
  CONFLICT: { status: 409, exitCode: 125, retryable: false },
  /** The database can't be used: it is locked, full or broken. */
  STORAGE_UNAVAILABLE: { status: 503, exitCode: 125, retryable: true },
  /** The provider cannot serve on this host. */
  PROVIDER_UNAVAILABLE: { status: 503, exitCode: 125, retryable: true },
  /** The sandbox could not be built, or died for a reason that is not the program's. */
  SANDBOX_FAILED: { status: 500, exitCode: 125, retryable: true },
  /** A step of a plugin threw. What was to come after it was left out, but for teardown. */
  STEP_FAILED: { status: 500, exitCode: 125, retryable: false },
  /** Its user has not approved the package, or said no; nothing was run. */
  PACKAGE_NOT_APPROVED: { status: 403, exitCode: 126, retryable: false },
  /** The program of a package is not on this machine; nothing was run. */
  PROGRAM_NOT_FOUND: { status: 422, exitCode: 127, retryable: false },
  /** What the program needs could not be installed; it was not run. */
  DEPENDENCIES_FAILED: { status: 422, exitCode: 125, retryable: true },
  /** The server is stopping; what was asked for was not run, or not to its end. */
  SHUTTING_DOWN: { status: 503, exitCode: 125, retryable: true },
  /** A fault in Glovebox; the log has the rest under the same id. */
  INTERNAL: { status: 500, exitCode: 125, retryable: false },
} as const satisfies Record<string, { status: number; exitCode: number; retryable: boolean }>;

export type ErrorCode = keyof typeof errorCatalog;

/** One reason why a request was refused. `path` is the field as the caller wrote it, `limits.memory_bytes`. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

/** What each code carries besides its message; every field is safe to show to the caller. */
export interface ErrorDetails {
  INVALID_REQUEST: { readonly issues: readonly Issue[] };
  INVALID_CONFIG: { readonly issues: readonly Issue[] };
  UNKNOWN_LANGUAGE: { readonly language: string; readonly known: readonly string[] };
  LANGUAGE_NOT_INSTALLED: { readonly language: string; readonly hint: string };
  IMAGE_NOT_FOUND: { readonly image: string; readonly hint: string };
  UNAUTHENTICATED: { readonly reason: "missing" | "invalid" };
  NOT_ALLOWED: { readonly field: string };
  POLICY_UNENFORCEABLE: { readonly provider: string; readonly controls: readonly string[] };
  NOT_FOUND: { readonly method: string; readonly path: string };
  METHOD_NOT_ALLOWED: { readonly method: string; readonly allowed: readonly string[] };
  REQUEST_TIMEOUT: { readonly timeoutMs: number };
  BODY_TOO_LARGE: { readonly maxBytes: number };
  UNSUPPORTED_MEDIA_TYPE: { readonly contentType: string; readonly expected: string };
  CAPACITY_EXHAUSTED: { readonly limit: number; readonly retryAfterMs?: number };
  RATE_LIMITED: { readonly limit: number; readonly retryAfterMs: number };
  QUOTA_EXHAUSTED: { readonly limit: number; readonly retryAfterMs: number };
  QUEUE_TIMEOUT: { readonly timeoutMs: number; readonly retryAfterMs?: number };
  EXECUTION_NOT_FOUND: { readonly executionId: string };
  ASK_NOT_FOUND: { readonly askId: string };
  SHARE_NOT_FOUND: { readonly shareId: string };
  EXECUTION_LOST: { readonly executionId: string; readonly attempts: number };
  CONFLICT: { readonly reason: string };
  STORAGE_UNAVAILABLE: { readonly reason: string };
  PROVIDER_UNAVAILABLE: { readonly provider: string; readonly hint: string };
  SANDBOX_FAILED: { readonly provider: string; readonly step: string };
  STEP_FAILED: { readonly step: string };
  PACKAGE_NOT_APPROVED: { readonly path: string };
  PROGRAM_NOT_FOUND: { readonly program: string; readonly hint: string };
  DEPENDENCIES_FAILED: { readonly ecosystem: string; readonly from: string };
  SHUTTING_DOWN: Readonly<Record<string, never>>;
  INTERNAL: { readonly id: string };
}

/** The only error class of this package. Test `code`, never `message`. */
export class GloveboxError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "GloveboxError";
  readonly code: C;
  readonly details: ErrorDetails[C];

  constructor(code: C, message: string, details: ErrorDetails[C], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/** `instanceof` alone would lose which codes there are. */
export function isGloveboxError(error: unknown): error is GloveboxError {
  return error instanceof GloveboxError;
}

/** The sandbox itself broke, or had no room for what it was asked. */
export function isSandboxFailure(error: unknown): error is GloveboxError<"SANDBOX_FAILED"> {
  return isGloveboxError(error) && error.code === "SANDBOX_FAILED";
}

/** An `INVALID_REQUEST` about one field. */
export function invalidRequest(path: string, message: string): GloveboxError<"INVALID_REQUEST"> {
  return new GloveboxError("INVALID_REQUEST", `${path}: ${message}`, {
    issues: [{ path, message }],
  });
}
