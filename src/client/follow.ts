/**
 * @module
 * What happens to an execution, also over connections that break.
 */
import { connectionFailed, GloveboxApiError } from "./api-error.ts";
import { delayMs, mayRepeat, pause } from "./retry.ts";
import { readEvents } from "./server-sent-events.ts";
import { executionPath, type Transport } from "./transport.ts";
import type { ExecutionMessage } from "./types.ts";

export interface FollowOptions {
  /** Of an output message: what comes behind it is given. Absent: all is. */
  readonly cursor?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called when a connection broke off, before the next one is tried. */
  readonly onBreak?: ((failure: GloveboxApiError) => void) | undefined;
  /** Called when the next one brings something, before it is given. */
  readonly onResume?: (() => void) | undefined;
}

/** Connections in a row that bring nothing new. */
const MAX_FAILURES = 8;
/** The server says something every 15 s. */
const SILENCE_MS = 45_000;
const types: readonly string[] = [
  "state",
  "output",
  "ask",
  "answered",
  "withdrawn",
  "end",
] satisfies ExecutionMessage["type"][];

/**
 * Where the execution is begun anew, its output comes anew, behind a `state` with more `attempts`.
 *
 * @throws {GloveboxApiError} and the signal's reason.
 */
export async function* follow(
  transport: Transport,
  id: string,
  { cursor, signal, onBreak, onResume }: FollowOptions,
): AsyncGenerator<ExecutionMessage, void, void> {
  let last = cursor;
  let state = "";
  let failures = 0;
  let isBroken = false;
  for (;;) {
    let failure = connectionFailed(`the events of ${id} broke off`);
    try {
      for await (const message of readOnce(transport, id, last, signal)) {
        if (isBroken) onResume?.();
        isBroken = false;
        if (message.type === "state") {
          const { state: name, attempts } = message.execution;
          // A new connection begins with the state that was known.
          if (`${name} ${attempts}` === state) continue;
          state = `${name} ${attempts}`;
        }
        if (message.type === "output") last = message.cursor;
        failures = 0;
        yield message;
        if (message.type === "end") return;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!mayRepeat(error, "anytime")) throw error;
      failure = error;
    }
    failures++;
    isBroken = true;
    if (failures > MAX_FAILURES) throw failure;
    onBreak?.(failure);
    await pause(delayMs(failures - 1, failure.retryAfterMs), signal);
  }
}

/** What one connection brings. */
async function* readOnce(
  transport: Transport,
  id: string,
  cursor: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<ExecutionMessage, void, void> {
  const path = executionPath(id, "/events", { cursor });
  const connection = new AbortController();
  const abort = (): void => {
    connection.abort(signal?.reason);
  };
  signal?.throwIfAborted();
  signal?.addEventListener("abort", abort);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const awaken = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      connection.abort(connectionFailed(`nothing came of ${id} for ${SILENCE_MS / 1000} s`));
    }, SILENCE_MS);
  };
  awaken();
  try {
    const request = { method: "GET", path, repeat: "anytime", signal: connection.signal } as const;
    const { body } = await transport.open(request);
    if (body === null) return;
    for await (const { event, data } of readEvents(body, awaken)) {
      if (types.includes(event)) yield { type: event, ...JSON.parse(data) } as ExecutionMessage;
    }
  } catch (error) {
    throw error instanceof GloveboxApiError
      ? error
      : connectionFailed(`the events of ${id} broke off`, error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    connection.abort();
  }
}
