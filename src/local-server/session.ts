/**
 * @module
 * The server's side of one run for another process of this user.
 */
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { isGloveboxError } from "../core/errors.ts";
import type { ExecutionControl, ExecutionReport, ExecutionSink } from "../service/request.ts";
import type { ExecutionService } from "../service/service.ts";
import { canRun } from "./can-run.ts";
import { createFrameReader, frameOf, kinds, type Kind } from "./frames.ts";
import {
  maxMessageBytes,
  maxUntakenBytes,
  outputKindOf,
  packReport,
  unpackRun,
  type FailureMessage,
  type Figures,
  type RunMessage,
} from "./messages.ts";

/** A client that says nothing gets its place taken away, in ms. */
const FIRST_MESSAGE_TIMEOUT_MS = 5000;
/** Of a server that stops: what a run gets to end, and then its client to read of it. */
const STOP_TIMEOUT_MS = 15_000;
const LAST_WORD_MS = 1000;
/** Of an answer. */
const UNREAD_TIMEOUT_MS = 10 * 60_000;

export interface SessionOptions {
  readonly surroundings: string;
  /** Why no run is taken now; undefined: one is. */
  readonly refusal: () => string | undefined;
  readonly figures: () => Figures;
  /** One for each run, as a run of its own would have. The session closes it. */
  readonly createService: () => Pick<ExecutionService, "run" | "close">;
  readonly onEnd: (report: ExecutionReport) => void;
}

export interface Session {
  /** Resolves when nothing of the run is left. */
  readonly ended: Promise<void>;
  /** Its last message was said: it holds nothing but a socket. */
  readonly isDone: () => boolean;
  /** Ends the run; its client is told that we stop. */
  readonly stop: () => void;
}

export function openSession(socket: Socket, options: SessionOptions): Session {
  const abort = new AbortController();
  const timer = setTimeout(() => socket.destroy(), FIRST_MESSAGE_TIMEOUT_MS);
  let run: LiveRun | undefined;
  let running: Promise<void> | undefined;
  const onFrame = (kind: number, payload: Buffer): void => {
    if (run !== undefined) {
      run.take(kind, payload);
      return;
    }
    clearTimeout(timer);
    run = createLiveRun(socket, abort);
    running = begin(run, kind, payload, options);
  };
  const read = createFrameReader(maxMessageBytes, onFrame);
  socket.on("data", (chunk) => {
    if (!read(chunk)) socket.destroy();
  });
  // Who is gone wants nothing any more; what is written then is no news.
  socket.on("error", () => undefined);
  const ended = new Promise<void>((resolve) => {
    socket.on("close", () => {
      clearTimeout(timer);
      abort.abort();
      run?.lose();
      void Promise.resolve(running).then(resolve);
    });
  });
  return {
    ended,
    isDone: () => run?.isDone() ?? false,
    stop: () => {
      run?.stop();
      // Whoever does not read, as a client that was stopped by Ctrl-Z, must not keep the server.
      const left = setTimeout(() => socket.destroy(), STOP_TIMEOUT_MS);
      void ended.then(() => {
        clearTimeout(left);
      });
      void Promise.resolve(running).then(async () => {
        await sleep(LAST_WORD_MS, undefined, { ref: false });
        socket.destroy();
      });
    },
  };
}

async function begin(
  run: LiveRun,
  kind: number,
  payload: Buffer,
  options: SessionOptions,
): Promise<void> {
  if (kind === kinds.wantFigures) {
    if (payload.toString() !== options.surroundings) run.finish(kinds.refused, Buffer.from(alien));
    else run.finish(kinds.figures, Buffer.from(JSON.stringify(options.figures())));
    return;
  }
  const message = kind === kinds.run ? admit(payload, options) : "it was not understood";
  if (typeof message === "string") {
    run.finish(kinds.refused, Buffer.from(message));
    return;
  }
  run.send(kinds.accepted);
  await serve(run, message, options);
}

const alien = "it is not of the same build or surroundings";

/** @returns A text: why it is not run. */
function admit(payload: Buffer, options: SessionOptions): RunMessage | string {
  try {
    const message = unpackRun(payload);
    return refusalOf(message, options) ?? message;
  } catch {
    return "it was not understood";
  }
}

function refusalOf(
  { surroundings, request }: RunMessage,
  options: SessionOptions,
): string | undefined {
  if (surroundings !== options.surroundings) return alien;
  if (!canRun(request)) return "it does not make such runs";
  return options.refusal();
}

async function serve(
  run: LiveRun,
  { request, stdin }: RunMessage,
  { createService, onEnd }: SessionOptions,
): Promise<void> {
  let service: ReturnType<typeof createService> | undefined;
  try {
    service = createService();
    const wanted = { ...request, stdin: stdin === "empty" ? stdin : run.stdin };
    const report = await service.run(wanted, run.sink, run.signal, run.onStart);
    onEnd(report);
    if (run.isStopped()) run.fail({ code: "SHUTTING_DOWN", message: stopped, details: {} });
    else run.finish(kinds.report, ...packReport(report));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const known = isGloveboxError(error) ? error : { code: null, details: {} };
    run.fail({ code: known.code, message, details: known.details });
  } finally {
    await service?.close();
  }
}

const stopped =
  "the Glovebox server of this user, which ran the program, was stopped. Run it again.";

/** Those that `glovebox run` gets from a terminal, or from who ends it. */
const passedOn = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

interface LiveRun {
  readonly signal: AbortSignal;
  readonly stdin: Readable;
  readonly sink: ExecutionSink;
  readonly onStart: (control: ExecutionControl) => void;
  readonly send: Send;
  /** Takes a message that is not the first. */
  readonly take: (kind: number, payload: Buffer) => void;
  readonly isStopped: () => boolean;
  readonly isDone: () => boolean;
  readonly stop: () => void;
  /** Its client is gone. */
  readonly lose: () => void;
  /** Sends the last message. */
  readonly finish: Send;
  readonly fail: (failure: FailureMessage) => void;
}

type Send = (kind: Kind, ...payload: readonly Uint8Array[]) => void;

function createLiveRun(socket: Socket, abort: AbortController): LiveRun {
  let isStopped = false;
  let isDone = false;
  let control: ExecutionControl | undefined;
  const send: Send = (kind, ...payload) => {
    if (socket.writable) socket.write(frameOf(kind, ...payload));
  };
  const finish: Send = (kind, ...payload) => {
    isDone = true;
    send(kind, ...payload);
    endOnceRead(socket);
  };
  const stdin = createStdin(send);
  const output = createOutput(send);
  const take: Partial<Record<number, (payload: Buffer) => void>> = {
    [kinds.stdin]: stdin.take,
    [kinds.signal]: (payload) => {
      const name = passedOn.find((known) => known === payload.toString());
      if (name !== undefined) control?.kill(name);
    },
    [kinds.cancel]: () => {
      abort.abort();
    },
    [kinds.taken]: (payload) => {
      const bytes = Number(payload.toString());
      if (Number.isSafeInteger(bytes) && bytes > 0) output.taken(bytes);
    },
  };
  return {
    signal: abort.signal,
    stdin: stdin.stream,
    sink: { onOutput: output.add, onRun: () => send(kinds.running) },
    onStart: (started) => {
      control = started;
      send(kinds.started);
    },
    send,
    take: (kind, payload) => take[kind]?.(payload),
    isStopped: () => isStopped,
    isDone: () => isDone,
    stop: () => {
      isStopped = true;
      abort.abort();
    },
    lose: () => {
      stdin.stream.destroy();
      output.taken(Infinity);
    },
    finish,
    fail: (failure) => {
      if (control === undefined) finish(kinds.refused, Buffer.from(failure.message));
      else finish(kinds.failed, Buffer.from(JSON.stringify(failure)));
    },
  };
}

/** The client closes once it has read it all. It may be stopped by Ctrl-Z for a while. */
function endOnceRead(socket: Socket): void {
  socket.end(() => {
    const left = setTimeout(() => socket.destroy(), UNREAD_TIMEOUT_MS).unref();
    socket.once("close", () => {
      clearTimeout(left);
    });
  });
}

function createStdin(send: Send): {
  readonly stream: Readable;
  readonly take: (payload: Buffer) => void;
} {
  let isWanted = false;
  let hasEnded = false;
  const stream = new Readable({
    read: () => {
      isWanted = true;
      send(kinds.wantStdin);
    },
  });
  return {
    stream,
    take: (payload) => {
      // What nobody asked for would have to be kept. An end may come at any time, once.
      if (hasEnded || (!isWanted && payload.byteLength > 0)) return;
      isWanted = false;
      hasEnded = payload.byteLength === 0;
      stream.push(hasEnded ? null : payload);
    },
  };
}

/** Output waits for who reads it, as it would for a reader of a pipe: both streams may wait at once. */
function createOutput(send: Send): {
  readonly add: ExecutionSink["onOutput"];
  readonly taken: (bytes: number) => void;
} {
  let untaken = 0;
  let waiting: (() => void)[] = [];
  return {
    add: async (phase, stream, chunk) => {
      untaken += chunk.byteLength + 1;
      send(kinds.output, Buffer.from([outputKindOf(phase, stream)]), chunk);
      while (untaken >= maxUntakenBytes) {
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    taken: (bytes) => {
      untaken -= bytes;
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
  };
}
