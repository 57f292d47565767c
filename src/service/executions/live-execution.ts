/**
 * @module
 * An accepted execution that has not ended, and who follows it.
 */
import { PassThrough, type Readable } from "node:stream";
import type { TtySize } from "../../core/command.ts";
import type { Limits } from "../../core/limits.ts";
import { Patience } from "../../util/patience.ts";
import { readerPatience } from "../reader-patience.ts";
import type { ExecutionControl } from "../request.ts";
import type { ExecutionInfo } from "./execution-info.ts";
import { OutputLog } from "./output-log.ts";

/** What is waiting for a program that does not read, at most; a writer waits then. */
const STDIN_BUFFER_BYTES = 64 * 1024;
/** An interactive program that nobody is attached to for so long is ended. */
const DETACHED_MS = 60_000;
/** How far the program may be ahead of who follows an interactive execution. */
const AHEAD_BYTES = 256 * 1024;

/** What doors may do with an execution that goes on. */
export interface LiveExecution {
  readonly info: ExecutionInfo;
  readonly log: OutputLog;
  /** Called at each change of `info`, the end included. @returns Ends the calls. */
  onState(listener: (info: ExecutionInfo) => void): () => void;
  /** Null where stdin came with the request. */
  readonly input: LiveInput | null;
  /** Sends a signal to the program, if it runs. */
  kill(signal: NodeJS.Signals): void;
  /** Of its terminal, if it has one; also before it runs. */
  resize(size: TtySize): void;
  /**
   * Says how far somebody has read: the program of an interactive execution waits when its one reader
   * is far behind.
   *
   * @param from Bytes of all streams that it has read before; what is not written yet is not counted.
   */
  follow(from: number): Follower;
}

export interface LiveInput {
  /** @returns Resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void>;
  end(): void;
}

export interface Follower {
  /** Bytes of all streams that were read. */
  consumed(bytes: number): void;
  close(): void;
}

/** How it waits, too, as JSON: a `Turn` with `memoryBytes`. */
export type ActiveInfo = ExecutionInfo & { readonly turn: string };

export class ActiveExecution implements LiveExecution {
  #log: OutputLog | undefined;
  readonly #controller = new AbortController();
  readonly input: LiveInput | null;
  /** For the program. */
  readonly stdin: Readable | "empty";
  #info: ActiveInfo;
  #control: ExecutionControl | undefined;
  #size: TtySize | undefined;
  readonly #listeners = new Set<(info: ExecutionInfo) => void>();
  readonly #followers = new Set<{ bytes: number }>();
  /** Those who wait for a reader. */
  #waiting: (() => void)[] = [];
  #written = 0;
  #patience = new Patience(0);
  readonly #detachedMs: number;
  #detached: NodeJS.Timeout | undefined;

  constructor(info: ActiveInfo, detachedMs = DETACHED_MS) {
    this.#info = info;
    this.#detachedMs = detachedMs;
    if (!info.isInteractive) {
      this.stdin = "empty";
      this.input = null;
      return;
    }
    const stream = new PassThrough({ highWaterMark: STDIN_BUFFER_BYTES });
    // The program went away; who writes learns of its end elsewhere.
    stream.on("error", () => undefined);
    this.stdin = stream;
    this.input = {
      write: (bytes) => writeTo(stream, bytes),
      end: () => void stream.end(),
    };
  }

  /** Aborts when it shall end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends it. Idempotent. */
  abort(reason: Error): void {
    this.#controller.abort(reason);
    this.#wake();
  }

  /** Made when it is first needed: thousands may wait. */
  get log(): OutputLog {
    return (this.#log ??= new OutputLog());
  }

  get info(): ActiveInfo {
    return this.#info;
  }

  update(change: Partial<ExecutionInfo>): void {
    this.#info = { ...this.#info, ...change };
    this.#watchFollowers();
    for (const listener of [...this.#listeners]) listener(this.#info);
  }

  onState(listener: (info: ExecutionInfo) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  attach(control: ExecutionControl): void {
    this.#control = control;
    if (this.#size !== undefined) control.resize(this.#size);
  }

  /** It is no longer here. */
  close(): void {
    this.#control = undefined;
    if (this.stdin !== "empty") this.stdin.destroy();
    this.#log?.end();
    this.update({});
    clearTimeout(this.#detached);
  }

  kill(signal: NodeJS.Signals): void {
    this.#control?.kill(signal);
  }

  resize(size: TtySize): void {
    this.#size = size;
    this.#control?.resize(size);
  }

  follow(from: number): Follower {
    const follower = { bytes: Math.min(from, this.#written) };
    this.#followers.add(follower);
    this.#watchFollowers();
    const check = (): void => {
      if (!this.#isFarAhead()) this.#wake();
    };
    return {
      consumed: (bytes) => {
        follower.bytes += bytes;
        check();
      },
      close: () => {
        this.#followers.delete(follower);
        this.#watchFollowers();
        check();
      },
    };
  }

  /** Its program begins to run. */
  begin(limits: Pick<Limits, "wallTimeMs">): void {
    this.#patience = readerPatience(limits);
  }

  /** See `Command.onOutput`. */
  async wrote(bytes: number): Promise<void> {
    this.#written += bytes;
    if (!this.#isFarAhead() || this.signal.aborted) return;
    await this.#patience.waitFor(new Promise<void>((resolve) => void this.#waiting.push(resolve)));
  }

  #watchFollowers(): void {
    clearTimeout(this.#detached);
    const { isInteractive, state } = this.#info;
    if (!isInteractive || state !== "running" || this.#followers.size > 0) return;
    this.#detached = setTimeout(() => {
      this.abort(new Error("nobody is attached"));
    }, this.#detachedMs).unref();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Of the fastest: who only looks on must not stop the program for who types. */
  #isFarAhead(): boolean {
    if (!this.#info.isInteractive || this.#followers.size === 0) return false;
    const fastest = Math.max(...[...this.#followers].map(({ bytes }) => bytes));
    return this.#written - fastest > AHEAD_BYTES;
  }
}

async function writeTo(stream: PassThrough, bytes: Uint8Array): Promise<void> {
  if (stream.destroyed || stream.writableEnded || stream.write(bytes)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stream.off("drain", done);
      stream.off("close", done);
      resolve();
    };
    stream.once("drain", done);
    stream.once("close", done);
  });
}
