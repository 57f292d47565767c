/**
 * @module
 * The Docker Engine API, as far as a provider needs it: JSON calls, progress streams, and the
 * hijacked connection that carries a container's stdin and output.
 */
import { type Duplex, Readable } from "node:stream";
import type { Endpoint } from "./endpoint.ts";
import { EngineError } from "./errors.ts";
import { startDeadline, type Answer, type Call, type Payload } from "./exchange.ts";
import { splitObjects } from "./json-stream.ts";
import { jsonOf, openLink, type Link } from "./link.ts";
import { plainConnection } from "./plain-connection.ts";

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface CallOptions {
  /** Undefined values are left out. */
  readonly query?: Query | undefined;
  /** Bytes and streams are sent as they are, everything else as JSON. A failed call destroys it. */
  readonly body?: unknown;
  /** Default: `application/x-tar` for bytes and streams, else JSON. */
  readonly contentType?: string;
  /**
   * Until `request` has the whole answer, `stream` and `hijack` its head. Default: 60 s; `Infinity`
   * for calls that wait for a container.
   */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Paths begin with `/` and have no version; the caller encodes the names in them. All calls throw
 * an `EngineError` where the daemon refuses, `PROVIDER_UNAVAILABLE` where it can't be talked to or
 * does not answer in time, and the signal's reason.
 */
export interface EngineClient {
  /** The JSON that the daemon answers; undefined where its answer is empty. At most 16 MiB. */
  request(method: string, path: string, options?: CallOptions): Promise<unknown>;
  /**
   * The progress that the daemon reports, an object at a time of at most 1 MiB. Throws an
   * `EngineError` once it reports a failure. Leaving the loop ends the call.
   */
  stream(method: string, path: string, options?: CallOptions): AsyncIterable<object>;
  /**
   * The raw connection of an attach or an exec. It is the caller's: the signal counts only until it
   * is there. `end()` closes the program's stdin and leaves the other direction open. Destroy it once
   * the output has ended: a daemon that still has stdin for a program that is gone keeps it open.
   *
   * @param body For `/exec/ID/start`, which wants one.
   */
  hijack(path: string, query?: Query, signal?: AbortSignal, body?: unknown): Promise<Duplex>;
  /** Ends idle connections, and calls under way with `PROVIDER_UNAVAILABLE`; hijacked ones stay. */
  close(): void;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_PROGRESS_BYTES = 1024 * 1024;
/** So that no firewall forgets the connection of a silent program. */
const KEEP_ALIVE_MS = 30_000;

/** Connects with the first call. An idle client does not keep the process alive. */
export function createEngineClient(endpoint: Endpoint): EngineClient {
  const link = openLink(endpoint);
  return {
    request: (method, path, options = {}) =>
      exchangeAnd(link, callOf(method, path, options), options, ({ response }) => jsonOf(response)),
    stream: (method, path, options = {}) =>
      streamObjects(link, callOf(method, path, options), options),
    hijack: (path, query, signal, body) => {
      const headers = { Connection: "Upgrade", Upgrade: "tcp" };
      const call = { ...callOf("POST", path, { query, body }), headers };
      return exchangeAnd(link, call, { signal }, connectionOf);
    },
    close: () => {
      link.close();
    },
  };
}

async function exchangeAnd<T>(
  link: Link,
  call: Call,
  { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: CallOptions,
  use: (answer: Answer) => T | Promise<T>,
): Promise<T> {
  const deadline = startDeadline(timeoutMs, signal);
  try {
    return await use(await link.send(call, deadline));
  } catch (error) {
    throw link.explain(error, deadline, signal);
  } finally {
    deadline.release();
  }
}

async function* streamObjects(
  link: Link,
  call: Call,
  { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: CallOptions,
): AsyncGenerator<object> {
  const deadline = startDeadline(timeoutMs, signal);
  try {
    const { response } = await link.send(call, deadline);
    deadline.stopClock();
    for await (const progress of splitObjects(response, MAX_PROGRESS_BYTES)) {
      throwReported(progress);
      yield progress;
    }
  } catch (error) {
    throw link.explain(error, deadline, signal);
  } finally {
    deadline.release();
  }
}

/** Pull and build have answered 200 already when they fail. */
function throwReported(progress: object): void {
  const { error, errorDetail } = progress as { error?: unknown; errorDetail?: unknown };
  const detail = (errorDetail as { message?: unknown } | null | undefined)?.message;
  const message = detail ?? error;
  if (message === undefined) return;
  throw new EngineError(200, typeof message === "string" ? message : JSON.stringify(message));
}

function connectionOf({ response, upgraded }: Answer): Duplex {
  // On a socket of this machine it has no effect.
  response.socket.setKeepAlive(true, KEEP_ALIVE_MS);
  // A daemon or a proxy that knows no upgrade goes on below the head of a plain answer.
  if (!upgraded) return plainConnection(response);
  if (upgraded.head.length > 0) upgraded.socket.unshift(upgraded.head);
  return upgraded.socket;
}

function callOf(method: string, path: string, options: CallOptions): Call {
  return { method, path: `${path}${queryText(options.query)}`, body: payloadOf(options) };
}

function queryText(query: Query = {}): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parts.append(name, String(value));
  }
  return parts.size === 0 ? "" : `?${parts.toString()}`;
}

function payloadOf({ body, contentType }: CallOptions): Payload | undefined {
  if (body === undefined) return undefined;
  // It may fail before it is sent, when nobody else listens; who sends it tells.
  if (body instanceof Readable) body.on("error", () => undefined);
  if (body instanceof Uint8Array || body instanceof Readable) {
    return { content: body, type: contentType ?? "application/x-tar" };
  }
  return { content: Buffer.from(JSON.stringify(body)), type: contentType ?? "application/json" };
}
