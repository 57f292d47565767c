/**
 * @module
 * A running launcher, however it is reached: its streams, its messages, its status lines.
 */
import type { Writable } from "node:stream";
import type { StatusLine } from "./status-line.ts";

/** What a program writes, piece by piece; a `Readable` is one. */
export interface OutputSource {
  on(event: "data", listener: (chunk: Buffer) => void): this;
  on(event: "close", listener: () => void): this;
  off(event: "data", listener: (chunk: Buffer) => void): this;
  off(event: "close", listener: () => void): this;
  /** What comes is kept back, and the program slowed down, until `resume`. */
  pause(): unknown;
  resume(): unknown;
  /** Nothing comes any more. */
  readonly destroyed: boolean;
}

export interface Launcher {
  /** The stdin of the one command that may have one. */
  readonly stdin: Writable;
  readonly stdout: OutputSource;
  readonly stderr: OutputSource;
  send(message: Buffer): void;
  /** The next status line, in order; undefined once it has ended. */
  nextStatus(): Promise<StatusLine | undefined>;
  /** Ends it and its sandbox, and waits for that. Does not throw; may be called often. */
  end(): Promise<void>;
  /** Absent where it is not known. */
  isAlive?(): boolean;
  /** How it ended, in words; undefined while it lives or if it ended as it should. */
  failure(): string | undefined;
}
