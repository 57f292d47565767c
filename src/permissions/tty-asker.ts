/**
 * @module
 * Asks on a terminal, one question at a time. Programs whose output is on the same terminal are held
 * while a question is on it, and never get a key that was for a question.
 */
import type { Readable, Writable } from "node:stream";
import { answerOfKey, deny, type KeyAnswer } from "./answer-keys.ts";
import type { Answer, Asker, ShownQuestion } from "./asker.ts";
import { KeyReader, type Clock } from "./key-reader.ts";
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

export class TtyAsker implements Asker, Disposable {
  readonly name = "terminal";
  readonly asksPeople = true;
  readonly #options: TtyAskerOptions;
  readonly #keys: KeyReader;
  /** The first is on the screen. */
  readonly #queue: Waiting[] = [];
  #hold: Hold | undefined;
  /** Output is shown again, and keys are still ours. */
  #isSwallowing = false;
  #interrupts = 0;
  #linesOnScreen = 0;
  #isGone = false;

  constructor(options: TtyAskerOptions) {
    this.#options = options;
    this.#keys = new KeyReader(options.clock ?? systemClock, {
      onKey: (key) => this.#onKey(key),
      onInterrupt: () => {
        this.#interrupts += 1;
        this.#finish(deny("run", "denied"));
        options.onInterrupt(this.#interrupts);
      },
    });
    for (const event of ends) options.input.on(event, this.#onGone);
    options.output.on("error", this.#onGone);
  }

  ask(question: ShownQuestion, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#isGone) throw new Error("the terminal is gone");
      signal.throwIfAborted();
      const onAbort = (): void => {
        this.#withdraw(waiting);
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      const stopListening = (): void => {
        signal.removeEventListener("abort", onAbort);
      };
      const settle = (answer: Answer): void => {
        stopListening();
        resolve(answer);
      };
      const fail = (error: Error): void => {
        stopListening();
        reject(error);
      };
      const waiting: Waiting = { question, settle, fail };
      this.#queue.push(waiting);
      if (this.#queue.length === 1) this.#begin();
    });
  }

  /** Denies what is still asked, and lets the terminal go. */
  [Symbol.dispose](): void {
    this.#onGone();
    for (const event of ends) this.#options.input.off(event, this.#onGone);
    this.#options.output.off("error", this.#onGone);
  }

  #begin(): void {
    const { output, isDumb } = this.#options;
    // The program has its output again: it is held anew, and no key comes in between.
    if (this.#isSwallowing) this.#letGo();
    if (this.#hold === undefined) this.#takeTerminal();
    output.write(isDumb === true ? "\r\n" : `${REPAIR}\r\n`);
    this.#keys.guard();
    this.#paint();
  }

  #takeTerminal(): void {
    this.#hold = this.#options.hold();
    this.#options.setRaw(true);
    this.#options.input.on("data", this.#onData).resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#keys.read(chunk);
  };

  readonly #onGone = (): void => {
    this.#isGone = true;
    for (const { fail } of this.#queue.splice(0)) fail(new Error("the terminal is gone"));
    if (!this.#isSwallowing) this.#hold?.showOutput();
    this.#keys.close();
    this.#letGo();
  };

  #next(): void {
    if (this.#queue.length > 0) {
      this.#begin();
      return;
    }
    this.#hold?.showOutput();
    this.#isSwallowing = true;
    this.#keys.swallow(() => {
      this.#letGo();
    });
  }

  #letGo(): void {
    this.#isSwallowing = false;
    if (this.#hold === undefined) return;
    this.#keys.close();
    this.#options.input.off("data", this.#onData).pause();
    this.#options.setRaw(false);
    this.#hold.returnKeys();
    this.#hold = undefined;
  }

  #onKey(key: string): boolean {
    const [current] = this.#queue;
    if (current === undefined) return false;
    if (key === "?" || (key === "v" && this.#queue.length > 1)) {
      this.#showMore();
      return true;
    }
    const answer = key === "\u001b" ? deny("run", "denied") : answerOfKey(key, current.question);
    if (answer !== undefined) this.#finish(answer);
    return answer !== undefined;
  }

  #finish({ answer, outcome }: KeyAnswer): void {
    const current = this.#queue.shift();
    if (current === undefined) return;
    this.#erase();
    const text = { ...this.#options.text(), isAllowed: answer.isAllowed };
    this.#write(answeredText(current.question, outcome, text));
    current.settle(answer);
    this.#next();
  }

  #withdraw(waiting: Waiting): void {
    const index = this.#queue.indexOf(waiting);
    if (index < 0) return;
    this.#queue.splice(index, 1);
    if (index > 0) return;
    this.#erase();
    const text = { ...this.#options.text(), isAllowed: false };
    this.#write(answeredText(waiting.question, "no longer asked", text));
    this.#next();
  }

  #showMore(): void {
    const [current, ...others] = this.#queue;
    if (current === undefined) return;
    this.#erase();
    const asked = others.map(({ question }) => question);
    this.#paint(detailsText(current.question, asked, this.#options.text()));
  }

  #paint(before: readonly string[] = []): void {
    const [current] = this.#queue;
    if (current === undefined) return;
    const text = { ...this.#options.text(), waiting: this.#queue.length - 1 };
    const lines = [...before, ...questionText(current.question, text)];
    this.#linesOnScreen = lines.length;
    this.#options.output.write(lines.join("\r\n"));
  }

  #erase(): void {
    const { output, isDumb } = this.#options;
    const up = this.#linesOnScreen > 1 ? `\u001b[${this.#linesOnScreen - 1}A` : "";
    output.write(isDumb === true ? "\r\n" : `\r${up}\u001b[J`);
  }

  #write(lines: readonly string[]): void {
    this.#options.output.write(lines.map((line) => `${line}\r\n`).join(""));
  }
}

const ends = ["end", "close", "error"] as const;

const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};
