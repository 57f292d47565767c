/**
 * @module
 * Asks on a terminal, one question at a time. Programs whose output is on the same terminal are held
 * while a question is on it, and never get a key that was for a question.
 */
import type { Readable, Writable } from "node:stream";
import { answerOfKey, deny, type KeyAnswer } from "./answer-keys.ts";
import type { Answer, Asker, ShownQuestion } from "./asker.ts";
import { createKeyReader, type Clock } from "./key-reader.ts";
import { answeredText, detailsText, questionText, type TextOptions } from "./question-text.ts";

/** The terminal is ours until both were called. */
export interface Hold {
  /** The program's output may be shown again; a program that draws the whole screen must draw it anew. */
  readonly showOutput: () => void;
  /** Keys are the program's again; called later, when no rest of a word can come. */
  readonly returnKeys: () => void;
}

export interface TtyAskerOptions {
  /** Keys as they are typed. */
  readonly input: Readable;
  readonly output: Writable;
  readonly setRaw: (on: boolean) => void;
  /** Called before anything is painted: the program's output waits from now on, and gets no keys. */
  readonly hold: () => Hold;
  /** Ctrl-C was pressed on a question, which is answered with no. @param times In this run. */
  readonly onInterrupt: (times: number) => void;
  /** Asked for each question. */
  readonly text: () => Omit<TextOptions, "waiting">;
  /** Whether the terminal understands escape sequences; `TERM=dumb` does not. */
  readonly isDumb?: boolean;
  readonly clock?: Clock;
}

export interface TtyAsker extends Asker, Disposable {}

interface Waiting {
  readonly question: ShownQuestion;
  readonly settle: (answer: Answer) => void;
  readonly fail: (error: Error) => void;
}

/**
 * Ends a sequence that the program left open, shows what was hidden by modes, colours or palettes, and
 * takes scroll regions, drawing characters and held-back painting off.
 */
const REPAIR =
  "\u0018\u001b\\\u001b[?2026l\u001b[!p\u001b[0m\u001b(B\u000f\u001b]104\u0007\u001b]110\u0007\u001b]111\u0007\u001b[?25h";

export function createTtyAsker(options: TtyAskerOptions): TtyAsker {
  const { input, output, clock = systemClock } = options;
  const queue: Waiting[] = [];
  let hold: Hold | undefined;
  let interrupts = 0;
  let linesOnScreen = 0;
  let isGone = false;

  const textOptions = (): TextOptions => ({ ...options.text(), waiting: queue.length - 1 });
  const write = (lines: readonly string[], end = "\r\n"): void => {
    output.write(`${lines.join("\r\n")}${end}`);
  };
  const erase = (): void => {
    if (options.isDumb === true) output.write("\r\n");
    else output.write(`\r${linesOnScreen > 1 ? `\u001b[${linesOnScreen - 1}A` : ""}\u001b[J`);
    linesOnScreen = 0;
  };
  const paint = (before: readonly string[] = []): void => {
    const [current] = queue;
    if (current === undefined) return;
    const lines = [...before, ...questionText(current.question, textOptions())];
    linesOnScreen = lines.length;
    write(lines, "");
  };
  const begin = (): void => {
    if (hold === undefined) {
      hold = options.hold();
      options.setRaw(true);
      input.on("data", onData).resume();
    }
    output.write(options.isDumb === true ? "\r\n" : `${REPAIR}\r\n`);
    keys.guard();
    paint();
  };
  const next = (): void => {
    if (queue.length > 0) {
      begin();
      return;
    }
    hold?.showOutput();
    // A word's rest may still come: keys stay ours for a moment.
    keys.swallow(letGo);
  };
  const letGo = (): void => {
    if (hold === undefined || queue.length > 0) return;
    input.off("data", onData).pause();
    options.setRaw(false);
    hold.returnKeys();
    hold = undefined;
  };
  const finish = ({ answer, outcome }: KeyAnswer): void => {
    const current = queue.shift();
    if (current === undefined) return;
    erase();
    const text = { ...textOptions(), isAllowed: answer.isAllowed };
    write(answeredText(current.question, outcome, text));
    current.settle(answer);
    next();
  };
  const showMore = (): void => {
    const [current, ...others] = queue;
    if (current === undefined) return;
    erase();
    const asked = others.map(({ question }) => question);
    paint(detailsText(current.question, asked, textOptions()));
  };
  const keys = createKeyReader(clock, {
    onKey: (key) => {
      const [current] = queue;
      if (current === undefined) return;
      if (key === "?" || (key === "v" && queue.length > 1)) {
        showMore();
        return;
      }
      const answer = key === "\u001b" ? deny("run", "denied") : answerOfKey(key, current.question);
      if (answer !== undefined) finish(answer);
    },
    onInterrupt: () => {
      interrupts += 1;
      finish(deny("run", "denied"));
      options.onInterrupt(interrupts);
    },
  });
  const onData = (chunk: Buffer): void => keys.read(chunk);
  const withdraw = (waiting: Waiting): void => {
    const index = queue.indexOf(waiting);
    if (index < 0) return;
    queue.splice(index, 1);
    if (index > 0) return;
    erase();
    const text = { ...options.text(), isAllowed: false };
    write(answeredText(waiting.question, "no longer asked", text));
    next();
  };
  const onGone = (): void => {
    isGone = true;
    for (const { fail } of queue.splice(0)) fail(new Error("the terminal is gone"));
    hold?.showOutput();
    keys.close();
    letGo();
  };
  for (const event of ["end", "close", "error"]) input.on(event, onGone);
  output.on("error", onGone);
  return {
    name: "terminal",
    asksPeople: true,
    ask: (question, signal) =>
      new Promise((resolve, reject) => {
        if (isGone) throw new Error("the terminal is gone");
        signal.throwIfAborted();
        const onAbort = (): void => {
          withdraw(waiting);
          reject(signal.reason as Error);
        };
        signal.addEventListener("abort", onAbort, { once: true });
        const settled = (): void => signal.removeEventListener("abort", onAbort);
        const waiting: Waiting = {
          question,
          settle: (answer) => {
            settled();
            resolve(answer);
          },
          fail: (error) => {
            settled();
            reject(error);
          },
        };
        queue.push(waiting);
        if (queue.length === 1) begin();
      }),
    [Symbol.dispose]: () => {
      onGone();
      for (const event of ["end", "close", "error"]) input.off(event, onGone);
      output.off("error", onGone);
    },
  };
}

const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};
