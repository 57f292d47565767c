/**
 * @module
 * A running launcher, however it is reached: its streams, its messages, its status lines.
 */
import type { Readable, Writable } from "node:stream";
import type { StatusLine } from "./status-line.ts";

export interface Launcher {
  /** The stdin of the one command that may have one. */
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  send(message: Buffer): void;
  /** The next status line, in order; undefined once it has ended. */
  nextStatus(): Promise<StatusLine | undefined>;
  /** Ends it and its sandbox, and waits for that. Does not throw; may be called often. */
  end(): Promise<void>;
  /** How it ended, in words; undefined while it lives or if it ended as it should. */
  failure(): string | undefined;
}
