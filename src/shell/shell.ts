/**
 * @module
 * A shell: what its parts have in common.
 */
import type { Script } from "unbash";
import type { FindWord } from "./find-word.ts";
import type { ShellHost } from "./host.ts";
import type { Jobs } from "./jobs.ts";
import type { ShellState } from "./state.ts";
import type { Streams } from "./streams.ts";

export interface Shell {
  readonly host: ShellHost;
  readonly builtins: ReadonlyMap<string, Builtin>;
  readonly jobs: Jobs;
  readonly session: Session;
}

/** What only somebody who types has. */
export interface Session {
  mode: "vi" | "emacs";
  prompt: string;
  /** The latest is the last. */
  history: readonly string[];
}

export const usualPrompt = "» ";

/** One line, or a part of it, on its way. */
export interface Running {
  readonly shell: Shell;
  readonly state: ShellState;
  readonly streams: Streams;
  readonly find: FindWord;
  /** For what `$(…)` says: see run-script.ts. */
  readonly runScript: (script: Script, source: string, running: Running) => Promise<number>;
  /** Aborted: nothing more is started, and what runs is ended. */
  readonly signal: AbortSignal;
  /** Ctrl-C was pressed: what runs ends by itself, and nothing more is started. */
  readonly isInterrupted: () => boolean;
  readonly isBackground: boolean;
  /** Everything that is the shell's to set is a copy, as in a pipeline. */
  readonly isCopy: boolean;
  /** Of the whole line; what was said once is not said again. */
  readonly said: Set<string>;
  /** Once `exit` was said, or a command failed with `set -e`. */
  readonly end: { code: number | undefined };
}

/** A command that the shell does itself. */
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
