/**
 * @module
 * A command that the shell does itself.
 */
import type { Running } from "./shell.ts";
import type { Streams } from "./streams.ts";

export interface Builtin {
  readonly name: string;
  /** `cd [FOLDER]`, and what it does. */
  readonly usage: string;
  readonly summary: string;
  /** Words that may follow, for completion. */
  readonly words?: readonly string[];
  /** @returns The exit code. @throws {GloveboxError} `INVALID_REQUEST` */
  readonly run: (args: readonly string[], running: Running, streams: Streams) => Promise<number>;
}
