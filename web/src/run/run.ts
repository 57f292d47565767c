/**
 * @module
 * A run of a program as the page has it: sent, followed, ended.
 */
import { signal, type Signal } from "@preact/signals";
import type { Attachment } from "../../../src/client/attach.ts";
import type { Ask, AskMessage } from "../../../src/client/ask-types.ts";
import { GloveboxApiError } from "../../../src/client/api-error.ts";
import type { AttachMessage, Execution, TerminalSize } from "../../../src/client/types.ts";
import { client, connection, connectionOf } from "../state/server.ts";
import { notify } from "../ui/notices.tsx";
import { toRequest, type Project } from "../state/project-values.ts";
import { createOutputText, type OutputText } from "./output-text.ts";

const RETRY_MS = 1000;

export type RunState =
  | { readonly kind: "sending" }
  | { readonly kind: "queued" }
  | { readonly kind: "running" }
  /** The connection broke, or the server is being restarted; the run may go on, or be begun anew. */
  | { readonly kind: "reconnecting" }
  | { readonly kind: "ended"; readonly execution: Execution }
  /** It was not run, or nobody knows what became of it. */
  | { readonly kind: "failed"; readonly message: string; readonly code: string };

export interface Run {
  /** From 1, in this page. */
  readonly number: number;
  readonly project: Project;
  readonly startedAt: Date;
  readonly output: OutputText;
  readonly state: Signal<RunState>;
  /** How often the server began it; more than once where it died meanwhile. */
  readonly attempts: Signal<number>;
  /** What it asks now, the oldest first. */
  readonly asks: Signal<readonly Ask[]>;
  /** How its earlier questions ended, the latest last. */
  readonly answered: Signal<readonly AnsweredAsk[]>;
  /** From the click to the first output, in ms; undefined before. */
  readonly firstOutputMs: Signal<number | undefined>;
  /** Of its terminal, as soon as that is shown. */
  readonly terminalSize: Signal<TerminalSize | undefined>;
  /** The way to type into it; only of one with a terminal, while it is connected. */
  readonly attachment: Signal<Attachment | undefined>;
}

export interface AnsweredAsk {
  readonly ask: Ask;
  readonly end: Exclude<AskMessage, { type: "ask" }>;
}

export const isOver = ({ kind }: RunState): boolean => kind === "ended" || kind === "failed";

export function createRun(number: number, project: Project): Run {
  return {
    number,
    project,
    startedAt: new Date(),
    output: createOutputText(),
    state: signal<RunState>({ kind: "sending" }),
    attempts: signal(0),
    asks: signal<readonly Ask[]>([]),
    answered: signal<readonly AnsweredAsk[]>([]),
    firstOutputMs: signal<number | undefined>(undefined),
    terminalSize: signal<TerminalSize | undefined>(undefined),
    attachment: signal<Attachment | undefined>(undefined),
  };
}

/**
 * Sends it and follows it to its end. Does not throw: what goes wrong is its state.
 *
 * @param signal Its abort cancels the execution.
 * @param size Of the terminal, where it has one.
 */
export async function follow(run: Run, signal: AbortSignal, size?: TerminalSize): Promise<void> {
  const over = new AbortController();
  // Not the request's signal: what was sent may be running, and only its id can end it.
  const onId = (id: string): void => {
    const stop = (): void => void cancel(id, over.signal);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true, signal: over.signal });
  };
  try {
    if (size === undefined) await followEvents(run, onId);
    else await followAttached(run, size, onId);
  } catch (error) {
    run.state.value = toFailure(error);
    const now = connectionOf(error);
    if (now.kind === "no-key" || isBroken(error)) connection.value = now;
  } finally {
    over.abort();
    run.asks.value = [];
    run.attachment.value = undefined;
  }
}

type OnId = (id: string) => void;

/** Until it is: a server that comes back would go on with what somebody stopped. */
async function cancel(id: string, over: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await client.peek().cancel(id, { signal: over });
      return;
    } catch (error) {
      if (over.aborted) return;
      if (!isBroken(error)) {
        notify(`It could not be stopped: ${error instanceof Error ? error.message : ""}`, "error");
        return;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function followEvents(run: Run, onId: OnId): Promise<void> {
  let before = run.state.peek();
  const onBreak = (): void => {
    if (run.state.peek().kind !== "reconnecting") before = run.state.peek();
    lose(run);
  };
  const onResume = (): void => {
    connection.value = { kind: "connected" };
    run.state.value = before;
  };
  const request = toRequest(run.project);
  let isFirst = true;
  for await (const message of client.peek().stream(request, { onBreak, onResume })) {
    if (isFirst && message.type === "state") onId(message.execution.id);
    isFirst = false;
    take(run, message);
  }
}

/** Connections that break in a row before it is given up. */
const MAX_BREAKS = 8;

async function followAttached(run: Run, size: TerminalSize, onId: OnId): Promise<void> {
  const request = { ...toRequest(run.project), interactive: true, tty: size };
  const { id } = await client.peek().submit(request);
  onId(id);
  let cursor: string | undefined;
  for (let breaks = 0; ; breaks++) {
    try {
      const attachment = await client.peek().attach(id, { cursor });
      run.attachment.value = attachment;
      for await (const message of attachment.messages()) {
        breaks = 0;
        cursor = attachment.cursor ?? cursor;
        take(run, message);
        if (message.type === "end") return;
      }
    } catch (error) {
      if (breaks >= MAX_BREAKS || !isBroken(error)) throw error;
    }
    run.attachment.value = undefined;
    lose(run);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

function lose(run: Run): void {
  run.state.value = { kind: "reconnecting" };
  // Those that are open still come again; nobody would tell of the others.
  run.asks.value = [];
}

function take(run: Run, message: AttachMessage): void {
  if (run.state.peek().kind === "reconnecting") connection.value = { kind: "connected" };
  switch (message.type) {
    case "state":
      takeState(run, message.execution);
      return;
    case "output":
      run.firstOutputMs.value ??= Date.now() - run.startedAt.getTime();
      // Behind a break there may come no state that is new.
      if (run.state.peek().kind !== "running") run.state.value = { kind: "running" };
      run.output.take(message);
      return;
    case "ask":
    case "answered":
    case "withdrawn":
      takeAsk(run, message);
      return;
    case "end":
      run.state.value = { kind: "ended", execution: message.execution };
      return;
    case "error":
      return;
  }
}

function takeState(run: Run, { state, attempts }: Execution): void {
  if (attempts > run.attempts.peek()) {
    // What came of the attempt before comes anew.
    if (run.attempts.peek() > 0) run.output.clear();
    run.attempts.value = attempts;
  }
  if (state === "queued" || state === "running") run.state.value = { kind: state };
}

function takeAsk(run: Run, message: AskMessage): void {
  const asks = run.asks.peek();
  if (message.type === "ask") {
    // As behind a break, where there may come no state that is new.
    if (run.state.peek().kind !== "running") run.state.value = { kind: "running" };
    if (!asks.some(({ id }) => id === message.ask.id)) run.asks.value = [...asks, message.ask];
    return;
  }
  const ask = asks.find(({ id }) => id === message.id);
  if (ask === undefined) return;
  run.asks.value = asks.filter(({ id }) => id !== message.id);
  run.answered.value = [...run.answered.peek(), { ask, end: message }];
}

const isBroken = (error: unknown): boolean =>
  error instanceof GloveboxApiError && (error.status === 0 || error.status >= 502);

function toFailure(error: unknown): RunState {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof GloveboxApiError ? error.code : "INTERNAL";
  return { kind: "failed", message, code };
}
