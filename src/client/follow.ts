/**
 * @module
 * What happens to an execution, also over connections that break.
 */
import { connectionFailed, GloveboxApiError } from "./api-error.ts";
import { delayMs, mayRepeat, pause } from "./retry.ts";
import { readEvents } from "./server-sent-events.ts";
import { executionPath, type ApiRequest, type Transport } from "./transport.ts";
import type { Execution, ExecutionMessage, SubmitRequest } from "./types.ts";

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

/** What is followed: one that is there, or one that is to be submitted first. */
export type Followed = { readonly id: string } | SubmitFirst;

interface SubmitFirst {
  readonly body: SubmitRequest;
  /** Makes sure that it is submitted once. */
  readonly idempotencyKey: string;
}

/**
 * Where the execution is begun anew, its output comes anew, behind a `state` with more `attempts`.
 *
 * @throws {GloveboxApiError} and the signal's reason.
 */
export async function* follow(
  transport: Transport,
  followed: Followed,
  { cursor, signal, onBreak, onResume }: FollowOptions,
): AsyncGenerator<ExecutionMessage, void, void> {
  let id = "id" in followed ? followed.id : undefined;
  let last = cursor;
  let state = "";
  let failures = 0;
  let isBroken = false;
  for (;;) {
    let failure = connectionFailed(`the events of ${id ?? "what was submitted"} broke off`);
    try {
      const request =
        "body" in followed && id === undefined ? toSubmit(followed) : toLook(id, last);
      for await (const message of readOnce(transport, request, signal)) {
        if (isBroken) onResume?.();
        isBroken = false;
        if (message.type === "state") {
          ({ id } = message.execution);
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
    if (failures > (id === undefined ? transport.retries : MAX_FAILURES)) throw failure;
    if (id !== undefined) {
      isBroken = true;
      onBreak?.(failure);
    }
    await pause(delayMs(failures - 1, failure.retryAfterMs), signal);
  }
}

type EventsRequest = Pick<ApiRequest, "method" | "path" | "body" | "headers">;

const toLook = (id = "", cursor?: string): EventsRequest => ({
  method: "GET",
  path: executionPath(id, "/events", { cursor }),
});

const toSubmit = ({ body, idempotencyKey }: SubmitFirst): EventsRequest => ({
  method: "POST",
  path: "/v1/executions",
  body,
  headers: { accept: "text/event-stream", "idempotency-key": idempotencyKey },
});

/** What one connection brings. */
async function* readOnce(
  transport: Transport,
  request: EventsRequest,
  signal: AbortSignal | undefined,
): AsyncGenerator<ExecutionMessage, void, void> {
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
      connection.abort(connectionFailed(`no events came for ${SILENCE_MS / 1000} s`));
    }, SILENCE_MS);
  };
  awaken();
  try {
    const all = { ...request, repeat: "anytime", signal: connection.signal } as const;
    const response = await transport.open(all);
    const { body, headers } = response;
    if (body === null) return;
    // A server that has no room to tell more now.
    if (headers.get("content-type")?.startsWith("application/json") === true) {
      yield { type: "state", execution: (await response.json()) as Execution };
      return;
    }
    for await (const { event, data } of readEvents(body, awaken)) {
      if (types.includes(event)) yield { type: event, ...JSON.parse(data) } as ExecutionMessage;
    }
  } catch (error) {
    throw error instanceof GloveboxApiError
      ? error
      : connectionFailed("the events broke off", error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    connection.abort();
  }
}
