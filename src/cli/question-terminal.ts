/**
 * @module
 * Our terminal, for questions: beside the program, which never has it. Keys go to whoever asks while
 * somebody does, and else to the program, if our stdin is that terminal.
 */
import { closeSync, openSync } from "node:fs";
import { PassThrough, type Readable, type Writable } from "node:stream";
import { ReadStream, WriteStream } from "node:tty";
import type { TtySize } from "../core/command.ts";
import { isInForeground } from "./own-stdin.ts";

export interface QuestionTerminal extends Disposable {
  /** Keys, while `setRaw` is on. */
  readonly input: Readable;
  readonly output: Writable;
  /** On: each key comes as it is typed, and none goes to the program. */
  readonly setRaw: (on: boolean) => void;
  readonly columns: () => number;
  readonly size: () => TtySize;
  /** Our stdin for the program, where it is the terminal. */
  readonly programInput: Readable | undefined;
}

export interface QuestionTerminalOptions {
  /** The program has our terminal's keys as they are typed, too. */
  readonly hasTty: boolean;
  /** Whether the program has a stdin at all. */
  readonly hasInput: boolean;
}

/** Undefined where there is no terminal, or where it is another job's. */
export function openQuestionTerminal(
  options: QuestionTerminalOptions,
): QuestionTerminal | undefined {
  if (!isInForeground()) return undefined;
  const fd = openTerminal();
  if (fd === undefined) return undefined;
  const output = new WriteStream(fd);
  // A terminal that is gone takes no question; whoever asks hears of it by the end of `input`.
  output.on("error", () => undefined);
  const keys = process.stdin.isTTY ? sharedKeys(options) : ownKeys();
  return {
    ...keys,
    output,
    columns: () => output.columns || 80,
    size: () => ({ columns: output.columns || 80, rows: output.rows || 24 }),
    [Symbol.dispose]: () => {
      keys.close();
      output.destroy();
    },
  };
}

function openTerminal(): number | undefined {
  try {
    return openSync("/dev/tty", "r+");
  } catch {
    return undefined;
  }
}

interface Keys extends Pick<QuestionTerminal, "input" | "setRaw" | "programInput"> {
  readonly close: () => void;
}

/** Our stdin is the terminal: two who read it would each get a part. */
function sharedKeys({ hasTty, hasInput }: QuestionTerminalOptions): Keys {
  const { stdin } = process;
  const input = new PassThrough();
  const programInput = hasInput ? new PassThrough() : undefined;
  let isAsking = false;
  const onData = (chunk: Buffer): void => {
    if (isAsking) input.write(chunk);
    else if (programInput?.write(chunk) === false) stdin.pause();
  };
  const onDrain = (): void => void stdin.resume();
  const onEnd = (): void => {
    input.end();
    programInput?.end();
  };
  programInput?.on("drain", onDrain);
  // What the program does not read is nobody's: only keys for a question are.
  stdin.on("error", onEnd).on("end", onEnd);
  if (programInput !== undefined) stdin.on("data", onData);
  return {
    input,
    programInput,
    setRaw: (on) => {
      if (stdin.destroyed) return;
      isAsking = on;
      stdin.setRawMode(on || hasTty);
      if (programInput === undefined) stdin[on ? "on" : "off"]("data", onData);
      if (on) stdin.resume();
      else if (programInput === undefined) stdin.pause();
    },
    close: () => {
      stdin.off("data", onData);
      programInput?.off("drain", onDrain).destroy();
      if (!stdin.destroyed) stdin.setRawMode(false);
      stdin.destroy();
    },
  };
}

/** Our stdin is something else: the terminal's keys are all for questions. */
function ownKeys(): Keys {
  let stream: ReadStream | undefined;
  const input = new PassThrough();
  const open = (): ReadStream | undefined => {
    const fd = openTerminal();
    if (fd === undefined) return undefined;
    try {
      const opened = new ReadStream(fd);
      opened.on("error", () => input.end()).on("data", (chunk) => input.write(chunk));
      return opened;
    } catch {
      closeSync(fd);
      return undefined;
    }
  };
  return {
    input,
    programInput: undefined,
    setRaw: (on) => {
      if (on) stream ??= open();
      if (stream === undefined || stream.destroyed) return;
      stream.setRawMode(on);
      if (on) stream.resume();
      else stream.pause();
    },
    close: () => stream?.destroy(),
  };
}
