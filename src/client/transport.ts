/**
 * @module
 * Requests to one server, and what its answers mean.
 */
import { connectionFailed, GloveboxApiError } from "./api-error.ts";
import { delayMs, mayRepeat, pause, type Repeat } from "./retry.ts";
import type { ErrorBody } from "./types.ts";

export interface ApiRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly repeat: Repeat;
  readonly signal?: AbortSignal | undefined;
  /** Takes the body of an answer that is no success, but no failure either. */
  readonly isAnswer?: (body: unknown) => boolean;
}

export interface TransportOptions {
  /** Without a slash at its end. */
  readonly base: string;
  readonly key: string | undefined;
  readonly fetch: typeof fetch;
  /** How often a request is sent again, at most. */
  readonly retries: number;
}

/** @param query What is undefined is left out. */
export function executionPath(
  id: string,
  below = "",
  query: Readonly<Record<string, string | number | undefined>> = {},
): string {
  return `/v1/executions/${encodeURIComponent(id)}${below}${toQuery(query)}`;
}

export function toQuery(values: Readonly<Record<string, string | number | undefined>>): string {
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

export class Transport {
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** How often a request is sent again, at most. */
  get retries(): number {
    return this.#options.retries;
  }

  /** @throws {GloveboxApiError} and the signal's reason. */
  async json<T>(request: ApiRequest): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return (await this.#ask(request)) as T;
      } catch (error) {
        if (attempt >= this.#options.retries || !mayRepeat(error, request.repeat)) throw error;
        await pause(delayMs(attempt, error.retryAfterMs), request.signal);
      }
    }
  }

  /** An answer whose body comes bit by bit. */
  async open(request: ApiRequest): Promise<Response> {
    const response = await this.#fetch(request);
    if (response.ok) return response;
    throw toApiError(response, parse(await this.#text(response, request)));
  }

  async #ask(request: ApiRequest): Promise<unknown> {
    const response = await this.#fetch(request);
    const text = await this.#text(response, request);
    const body = parse(text);
    if (response.ok ? body !== undefined || text === "" : request.isAnswer?.(body) === true)
      return body;
    throw toApiError(response, body);
  }

  async #fetch({ method, path, body, headers = {}, signal }: ApiRequest): Promise<Response> {
    const { base, key, fetch } = this.#options;
    try {
      return await fetch(`${base}${path}`, {
        method,
        headers: {
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw connectionFailed(`${method} ${base}${path} got no answer`, error);
    }
  }

  async #text(response: Response, { signal }: ApiRequest): Promise<string> {
    try {
      return await response.text();
    } catch (error) {
      signal?.throwIfAborted();
      throw connectionFailed(`the answer of ${this.#options.base} broke off`, error);
    }
  }
}

/** Undefined for what is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function toApiError({ status, headers }: Response, body: unknown): GloveboxApiError {
  const { error } = (body ?? {}) as { readonly error?: Partial<ErrorBody> };
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  const {
    code = "BAD_ANSWER",
    message = `the server answered ${status}, with a body that is none of a Glovebox`,
    details = {},
  } = typeof error === "object" ? error : {};
  const { retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined } = details as {
    readonly retryAfterMs?: number;
  };
  return new GloveboxApiError({ status, code, message, details, retryAfterMs });
}
