/**
 * @module
 * One HTTP request to the daemon and the head of its answer, under a deadline and a signal.
 */
import * as http from "node:http";
import * as https from "node:https";
import type { Socket } from "node:net";
import { pipeline, Readable } from "node:stream";
import type { Endpoint } from "./endpoint.ts";
import { failure } from "./errors.ts";

/** One request, ready to be sent. */
export interface Call {
  readonly method: string;
  /** With version and query. */
  readonly path: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: Payload | undefined;
}

export interface Payload {
  readonly content: Uint8Array | Readable;
  readonly type: string;
}

/** The head of an answer. Who gets it reads or destroys what follows. */
export interface Answer {
  readonly response: http.IncomingMessage;
  /** Where the daemon agreed to speak something else than HTTP from here on. */
  readonly upgraded?: { readonly socket: Socket; readonly head: Buffer };
}

/** Sends a request; `signal` destroys it also after the head of the answer has come. */
export function exchange(
  endpoint: Endpoint,
  agent: http.Agent,
  { method, path, headers, body }: Call,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { request: open } = endpoint.isSecure ? https : http;
    const request = open({
      ...endpoint.connection,
      agent,
      method,
      path,
      headers: { ...headers, ...bodyHeaders(method, body) },
      signal,
    });
    // After the answer has begun, its own error tells; a request without a listener would crash.
    request.on("error", (error) => {
      // A socket that the daemon closed while it was idle: nothing of the request was handled.
      const isStale = request.reusedSocket && (error as { code?: string }).code === "ECONNRESET";
      reject(isStale ? failure("STALE", error.message) : error);
    });
    request.once("response", (response) => {
      resolve({ response });
    });
    request.once("upgrade", (response, socket: Socket, head) => {
      resolve({ response, upgraded: { socket, head } });
    });
    if (body?.content instanceof Readable) {
      if (body.content.errored) reject(new BodyError(body.content.errored));
      body.content.once("error", (error) => {
        reject(new BodyError(error));
      });
      pipeline(body.content, request, told);
    } else request.end(body?.content);
  });
}

/** Both ends of the pipeline have told already. */
const told = (): void => undefined;

/** What the caller wanted to send could not be read. */
export class BodyError extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

function bodyHeaders(method: string, body: Payload | undefined): http.OutgoingHttpHeaders {
  if (body === undefined) return method === "GET" ? {} : { "Content-Length": 0 };
  const { content, type } = body;
  return {
    "Content-Type": type,
    ...(content instanceof Readable ? {} : { "Content-Length": content.length }),
  };
}

/** Fires when the caller's signal does, or after a time. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Ends the time, not the caller's signal. */
  stopClock(): void;
  /** Lets go of the caller's signal, too. Idempotent. */
  release(): void;
}

export function startDeadline(timeoutMs: number, outer: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  const forward = (): void => {
    controller.abort(outer?.reason);
  };
  outer?.addEventListener("abort", forward, { once: true });
  if (outer?.aborted === true) forward();
  const expire = (): void => {
    controller.abort(failure("ETIMEDOUT", `no answer within ${timeoutMs} ms`));
  };
  // setTimeout takes no more than 31 bits; a longer time is none.
  const timer = timeoutMs < 2 ** 31 ? setTimeout(expire, timeoutMs) : undefined;
  const stopClock = (): void => {
    clearTimeout(timer);
  };
  return {
    signal: controller.signal,
    stopClock,
    release: () => {
      stopClock();
      outer?.removeEventListener("abort", forward);
    },
  };
}

/** Waits for what others wait for, too: the signal ends this wait, not the work. */
export function waitUnless<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abandon = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) abandon();
    signal.addEventListener("abort", abandon, { once: true });
    const stop = (): void => {
      signal.removeEventListener("abort", abandon);
    };
    work.finally(stop).then(resolve, reject);
  });
}

/**
 * Reads a body to its end.
 *
 * @throws {Error} where it is longer than `maxBytes`, or was cut.
 */
export async function readBody(source: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw failure("TOO_LARGE", `its answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
