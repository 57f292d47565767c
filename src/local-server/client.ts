/**
 * @module
 * A run whose sandbox a server of this user makes. Whatever goes wrong before there is a sandbox is no
 * failure: the caller then makes one itself.
 */
import { connect, type Socket } from "node:net";
import type { Readable } from "node:stream";
import { errorCatalog, GloveboxError, type ErrorCode } from "../core/errors.ts";
import type { ExecutionControl, ExecutionReport, ExecutionSink } from "../service/request.ts";
import { createFrameReader, frameOf, kinds, type Kind } from "./frames.ts";
import {
  maxMessageBytes,
  outputKinds,
  packRun,
  unpackReport,
  type FailureMessage,
  type RunRequest,
} from "./messages.ts";

/** A server that takes longer for its first word has too much to do. */
const ACCEPT_TIMEOUT_MS = 250;
/** What it gets to end a run that is not wanted any more; a sandbox may need ten seconds. */
const CANCEL_TIMEOUT_MS = 15_000;

export interface LocalRun {
  readonly request: RunRequest;
  readonly surroundings: string;
  /** Is asked for when the program can take it. */
  readonly stdin: "empty" | (() => Readable | "empty");
}

/** Nothing was run: `message` says why. */
export class NotServedError extends Error {
  override readonly name = "NotServedError";
}

/**
 * Runs it on the server behind a socket, as `ExecutionService.run`.
 *
 * @param path See `isPrivateSocket`: who calls this has asked.
 * @throws {NotServedError} No output came, and stdin was not read.
 * @throws {GloveboxError} What `ExecutionService.run` throws once the sandbox is there; `SANDBOX_FAILED`
 * where the server ended.
 */
export async function runOnServer(
  path: string,
  run: LocalRun,
  sink: ExecutionSink,
  signal: AbortSignal,
  onStart: (control: ExecutionControl) => void,
): Promise<ExecutionReport> {
  const socket = connect({ path });
  const send: Send = (kind, ...payload) => {
    if (socket.writable) socket.write(frameOf(kind, ...payload));
  };
  let patience: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    send(kinds.cancel);
    patience = setTimeout(() => socket.destroy(), CANCEL_TIMEOUT_MS);
  };
  try {
    const { surroundings, request, stdin } = run;
    const message = { surroundings, request, stdin: stdin === "empty" ? stdin : "stream" } as const;
    send(kinds.run, ...packRun(message));
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    return await untilReport(socket, send, { run, sink, onStart });
  } finally {
    signal.removeEventListener("abort", onAbort);
    clearTimeout(patience);
    socket.destroy();
  }
}

type Send = (kind: Kind, ...payload: readonly Uint8Array[]) => void;

interface Listeners {
  readonly run: LocalRun;
  readonly sink: ExecutionSink;
  readonly onStart: (control: ExecutionControl) => void;
}

function untilReport(
  socket: Socket,
  send: Send,
  { run: { stdin }, sink, onStart }: Listeners,
): Promise<ExecutionReport> {
  return new Promise((resolve, reject) => {
    let isStarted = false;
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(isStarted ? error : new NotServedError(error.message, { cause: error }));
    };
    const timer = setTimeout(() => {
      fail(new NotServedError("it gives no answer"));
    }, ACCEPT_TIMEOUT_MS);
    const notOurs = (): void => {
      fail(isStarted ? serverEnded() : new NotServedError("it sends no messages of ours"));
    };
    const output = createOutput(sink, send);
    const finish = <T>(parse: () => T, end: (value: T) => void): void => {
      const parsed = attempt(parse);
      if (parsed === undefined) notOurs();
      else void output.done().then(() => end(parsed), fail);
    };
    const handlers: Partial<Record<number, (payload: Buffer) => void>> = {
      [kinds.accepted]: () => {
        clearTimeout(timer);
      },
      [kinds.refused]: (payload) => {
        fail(new NotServedError(payload.toString()));
      },
      [kinds.started]: () => {
        isStarted = true;
        onStart(controlOf(send));
      },
      [kinds.running]: () => sink.onRun?.(),
      [kinds.output]: output.add,
      [kinds.wantStdin]: stdin === "empty" ? () => undefined : feeder(stdin, send),
      [kinds.report]: (payload) => finish(() => unpackReport(payload), resolve),
      [kinds.failed]: (payload) => {
        finish(() => errorOf(JSON.parse(payload.toString()) as FailureMessage), fail);
      },
    };
    let isOver = false;
    const read = createFrameReader(maxMessageBytes, (kind, payload) => {
      isOver ||= kind === kinds.report || kind === kinds.failed;
      handlers[kind]?.(payload);
    });
    socket.on("data", (chunk) => {
      if (!read(chunk)) notOurs();
    });
    // Its last message may still be on its way to our reader.
    socket.on("error", (error) => {
      if (!isOver) fail(isStarted ? serverEnded() : error);
    });
    socket.on("close", () => {
      if (!isOver) fail(serverEnded());
    });
  });
}

/** Undefined for what is of another form. */
function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

/** Hands output on in its order, and says how much the reader has taken. */
function createOutput(
  sink: ExecutionSink,
  send: Send,
): { readonly add: (payload: Buffer) => void; readonly done: () => Promise<void> } {
  let last: Promise<void> | undefined;
  const handOn = async (payload: Buffer): Promise<void> => {
    const [phase, stream] = outputKinds[payload.readUInt8(0)] ?? ["run", "stderr"];
    await sink.onOutput(phase, stream, payload.subarray(1));
    send(kinds.taken, Buffer.from(String(payload.byteLength)));
  };
  return {
    add: (payload) => {
      last = last === undefined ? handOn(payload) : last.then(() => handOn(payload));
    },
    done: async () => last,
  };
}

/** Gives a piece of stdin each time that it is called; reads nothing ahead of that. */
function feeder(open: () => Readable | "empty", send: Send): () => void {
  let stream: Readable | "empty" | undefined;
  const start = (): Readable | "empty" => {
    const opened = open();
    if (opened === "empty") return opened;
    const onEnd = (): void => {
      send(kinds.stdin);
    };
    opened.on("data", (chunk: Buffer) => {
      opened.pause();
      send(kinds.stdin, chunk);
    });
    opened.once("end", onEnd);
    // Of a terminal that is gone, or a folder as stdin: the program sees an end.
    opened.once("error", onEnd);
    return opened;
  };
  return () => {
    stream ??= start();
    if (stream === "empty") send(kinds.stdin);
    else stream.resume();
  };
}

function controlOf(send: Send): ExecutionControl {
  return {
    kill: (name) => {
      send(kinds.signal, Buffer.from(name));
    },
    resize: () => undefined,
  };
}

function errorOf({ code, message, details }: FailureMessage): Error {
  if (code === null || !Object.hasOwn(errorCatalog, code)) return new Error(message);
  return new GloveboxError(code as ErrorCode, message, details as never);
}

function serverEnded(): GloveboxError<"SANDBOX_FAILED"> {
  const message =
    "the Glovebox server of this user, which ran the program, has ended. Run it again.";
  return new GloveboxError("SANDBOX_FAILED", message, { provider: "linux", step: "run" });
}
