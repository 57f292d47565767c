/**
 * @module
 * The terminal's keys in a shell: of the prompt while it waits, of a question while one is asked, else
 * of the program that has them. Whoever had them before gets none of the others'.
 */
import { closeSync, openSync } from "node:fs";
import { PassThrough, type Readable } from "node:stream";
import { ReadStream, WriteStream } from "node:tty";
import type { TtySize } from "../../core/command.ts";
import type { OwnTerminal } from "../own-terminal.ts";
import { isInForeground } from "../own-stdin.ts";
import type { QuestionTerminal } from "../question-terminal.ts";

/** Who has the keys; the last one of the list that is there. */
type Reader = "program" | "prompt" | "question";

export interface Keyboard extends Disposable {
  /** @returns Gives the keys back. */
  readonly forPrompt: (input: PassThrough) => () => void;
  /** Lines, or with `openTerminal` keys as they are typed. */
  readonly forProgram: () => Readable;
  readonly releaseProgram: (input: Readable) => void;
  readonly openTerminal: () => OwnTerminal;
  readonly openQuestions: () => QuestionTerminal;
}

/** Undefined where this process has no terminal, or it is another job's. */
export function openKeyboard(): Keyboard | undefined {
  if (!isInForeground()) return undefined;
  const fd = openTerminalFile();
  if (fd === undefined) return undefined;
  const output = new WriteStream(fd);
  // A terminal that is gone takes no question; whoever asks hears of it by the end of its input.
  output.on("error", () => undefined);
  return createKeyboard(output);
}

interface Taken {
  readonly input: PassThrough;
  readonly isRaw: () => boolean;
}

function createKeyboard(output: WriteStream): Keyboard {
  const keys = createKeys();
  const size = (): TtySize => ({ columns: output.columns || 80, rows: output.rows || 24 });
  const programInputs = new Set<Readable>();
  let hasRawProgram = false;
  return {
    forPrompt: (input) => {
      keys.take("prompt", { input, isRaw: () => true });
      return () => keys.leave("prompt", input);
    },
    forProgram: () => {
      const input = new PassThrough();
      programInputs.add(input);
      keys.take("program", { input, isRaw: () => hasRawProgram });
      return input;
    },
    releaseProgram: (input) => {
      if (!programInputs.delete(input)) return;
      keys.leave("program", input);
      input.destroy();
    },
    openTerminal: () => {
      let onResize: (() => void) | undefined;
      return {
        size: size(),
        attach: (control) => {
          hasRawProgram = true;
          keys.adjust();
          onResize = (): void => control.resize(size());
          output.on("resize", onResize);
        },
        [Symbol.dispose]: () => {
          if (onResize !== undefined) output.off("resize", onResize);
          onResize = undefined;
          hasRawProgram = false;
          keys.adjust();
        },
      };
    },
    openQuestions: () => questionsOf({ output, size, ...keys }),
    [Symbol.dispose]: () => {
      keys.close();
      output.destroy();
    },
  };
}

/** What was typed while nobody read it, at most: the next one who reads gets it. */
const maxAheadBytes = 64 * 1024;

/** Gives keys to whom they are for, and sets how they come. */
function createKeys() {
  const readers = new Map<Reader, Taken>();
  let source: ReadStream | undefined;
  let ahead: Buffer[] = [];
  const current = (): Taken | undefined =>
    readers.get("question") ?? readers.get("prompt") ?? readers.get("program");
  const pass = (chunk: Buffer): void => {
    const taken = current();
    if (taken === undefined || taken.input.writableEnded) {
      if (Buffer.concat(ahead).length + chunk.length <= maxAheadBytes) ahead.push(chunk);
    } else if (taken.isRaw()) taken.input.write(chunk);
    else passLines(chunk, taken.input);
  };
  /** The end of one reader's input (Ctrl-D) is not that of the next one. */
  const onEnd = (stream: ReadStream): void => {
    stream.destroy();
    if (stream !== source) return;
    source = undefined;
    current()?.input.end();
  };
  const adjust = (): void => {
    const taken = current();
    if (taken === undefined) {
      source?.setRawMode(false);
      source?.pause();
      return;
    }
    source ??= openKeys(onEnd, pass);
    if (source === undefined) {
      taken.input.end();
      return;
    }
    source.setRawMode(taken.isRaw());
    source.resume();
  };
  return {
    adjust,
    take: (reader: Reader, taken: Taken): void => {
      readers.set(reader, taken);
      adjust();
      // A question must not be answered by what was typed before it.
      if (reader === "question") return;
      const typed = ahead;
      ahead = [];
      for (const chunk of typed) pass(chunk);
    },
    leave: (reader: Reader, input: Readable): void => {
      if (readers.get(reader)?.input === input) readers.delete(reader);
      adjust();
    },
    close: (): void => {
      readers.clear();
      adjust();
      source?.destroy();
    },
  };
}

const [ctrlC, ctrlD, enter, newline] = [3, 4, 13, 10];

/**
 * Keys that were typed a moment before the terminal gathered lines again mean what they would have meant
 * to it.
 */
function passLines(chunk: Buffer, input: PassThrough): void {
  if (chunk.includes(ctrlC)) process.kill(process.pid, "SIGINT");
  const end = chunk.indexOf(ctrlD);
  const kept = (end < 0 ? chunk : chunk.subarray(0, end)).filter((byte) => byte !== ctrlC);
  input.write(Buffer.from(kept.map((byte) => (byte === enter ? newline : byte))));
  if (end >= 0) input.end();
}

interface QuestionParts {
  readonly output: WriteStream;
  readonly size: () => TtySize;
  readonly take: (reader: Reader, taken: Taken) => void;
  readonly leave: (reader: Reader, input: Readable) => void;
}

/** Of one program: its questions come one after the other, and in turn with those of others. */
function questionsOf({ output, size, take, leave }: QuestionParts): QuestionTerminal {
  const input = new PassThrough();
  return {
    ...{ input, output, size },
    columns: () => output.columns || 80,
    setRaw: (on) => {
      if (on) take("question", { input, isRaw: () => true });
      else leave("question", input);
    },
    programInput: undefined,
    [Symbol.dispose]: () => {
      leave("question", input);
      input.destroy();
    },
  };
}

function openKeys(
  onEnd: (stream: ReadStream) => void,
  onData: (chunk: Buffer) => void,
): ReadStream | undefined {
  const fd = openTerminalFile();
  if (fd === undefined) return undefined;
  try {
    const stream = new ReadStream(fd);
    for (const event of ["error", "end"]) stream.on(event, () => onEnd(stream));
    return stream.on("data", onData);
  } catch {
    closeSync(fd);
    return undefined;
  }
}

function openTerminalFile(): number | undefined {
  try {
    return openSync("/dev/tty", "r+");
  } catch {
    return undefined;
  }
}
