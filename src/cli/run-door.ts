/**
 * @module
 * What of this process a run from the command line uses: all of it for `glovebox run`, and a part for
 * each command of a shell's line.
 */
import type { Readable, Writable } from "node:stream";
import type { HostPipes, OutputStream } from "../core/command.ts";
import { createOutputGate, type OutputGate } from "./output-gate.ts";
import { isStdinEmpty, ownStdin, releaseStdin } from "./own-stdin.ts";
import { openOwnTerminal, type OwnTerminal } from "./own-terminal.ts";
import {
  openQuestionTerminal,
  type QuestionTerminal,
  type QuestionTerminalOptions,
} from "./question-terminal.ts";
import { listenForSignals, type Interruption } from "./signals.ts";

/** Where output goes; a `Writable` is one. */
export type OutputTarget = Pick<Writable, "write" | "on" | "off">;

export interface RunDoor {
  /** Where the program starts, absolute, inside. Absent: where its kind usually does. */
  readonly startFolder?: string;
  /** Pipes that the program may have itself; `stdin` and `output` are the same ones. */
  readonly hostPipes?: HostPipes;
  readonly stdin: () => Readable | "empty";
  /** Opens nothing. */
  readonly isStdinEmpty: () => boolean;
  readonly releaseStdin: (stdin: Readable | "empty") => void;
  readonly output: Readonly<Record<OutputStream, OutputTarget>>;
  readonly outputGate: OutputGate;
  readonly listen: () => Interruption;
  /** @throws {GloveboxError} `INVALID_REQUEST` where there is none. */
  readonly openTerminal: () => OwnTerminal;
  /** Undefined: there is none to ask on. */
  readonly openQuestions: (options: QuestionTerminalOptions) => QuestionTerminal | undefined;
  /** Questions of several programs on one terminal come one after the other. */
  readonly inTurn: <T>(ask: () => Promise<T>) => Promise<T>;
}

export function processDoor(): RunDoor {
  return {
    stdin: ownStdin,
    ...{ isStdinEmpty, releaseStdin },
    // Its streams are opened when something is written.
    output: process,
    outputGate: createOutputGate(),
    listen: listenForSignals,
    openTerminal: openOwnTerminal,
    openQuestions: openQuestionTerminal,
    inTurn: async (ask) => ask(),
  };
}
