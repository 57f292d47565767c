/**
 * @module
 * From bytes of a terminal to keys that somebody pressed on purpose, while they saw the question.
 */

export interface Clock {
  /** Milliseconds; never set back. */
  readonly now: () => number;
  /** Calls once; the result stops it. */
  readonly after: (ms: number, call: () => void) => () => void;
}

export interface KeyEvents {
  /** One printable character, or Escape as `\u001b`. @returns Whether it meant anything. */
  readonly onKey: (key: string) => boolean;
  readonly onInterrupt: () => void;
}

const GUARD_MS = 500;
/** Words come faster than this, keys that were thought about don't. */
const QUIET_MS = 300;
/** Arrow keys send Escape and more; what follows follows at once. */
const ESCAPE_MS = 50;

/**
 * Words as a whole, as they come from a terminal in line mode: their first letter is the answer. No other
 * text of several characters is one: it was pasted, or is a key that sends a sequence.
 */
const wordForm = /^(yes|no|y|n|w|b)(\r\n|\r|\n)$/;

export class KeyReader {
  readonly #clock: Clock;
  readonly #events: KeyEvents;
  /** Keys before this time answer nothing. */
  #openAtMs = 0;
  #isEscapePending = false;
  #stopTimer: (() => void) | undefined;
  #afterSwallow: (() => void) | undefined;

  constructor(clock: Clock, events: KeyEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** Bytes of the terminal, as they come. */
  read(chunk: Buffer): void {
    const text = chunk.toString("latin1");
    if (text.includes("\u0003")) {
      this.#forgetEscape();
      this.#events.onInterrupt();
    } else if (this.#afterSwallow !== undefined) {
      this.#goOnSwallowing(text);
    } else if (this.#isEscapePending) {
      this.#forgetEscape();
      this.#waitForQuiet();
    } else {
      this.#take(text);
    }
  }

  /** A new question is on the screen: what is typed now may have been meant for something else. */
  guard(): void {
    this.#forgetEscape();
    this.#openAtMs = this.#clock.now() + GUARD_MS;
  }

  /** A key has answered: the rest of its word is swallowed. `done` is called after that. */
  swallow(done: () => void): void {
    this.#afterSwallow = done;
    this.#later(QUIET_MS, () => {
      this.#endSwallow();
    });
  }

  close(): void {
    this.#forgetEscape();
    this.#afterSwallow = undefined;
  }

  #take(text: string): void {
    if (/^[\r\n]+$/.test(text)) return;
    if (this.#clock.now() < this.#openAtMs) {
      this.#waitForQuiet();
    } else if (text === "\u001b") {
      this.#isEscapePending = true;
      this.#later(ESCAPE_MS, () => {
        this.#isEscapePending = false;
        this.#events.onKey(text);
      });
    } else {
      const [, word] = wordForm.exec(text) ?? [];
      const key = word?.[0] ?? text;
      if (!isAnswerKey(key) || !this.#events.onKey(key)) this.#waitForQuiet();
      // With its end in the same bytes, nothing of the word is still to come.
      if (word !== undefined) this.#endSwallow();
    }
  }

  #goOnSwallowing(text: string): void {
    if (/[\r\n]/.test(text)) {
      this.#endSwallow();
      return;
    }
    this.#later(QUIET_MS, () => {
      this.#endSwallow();
    });
  }

  #endSwallow(): void {
    const done = this.#afterSwallow;
    if (done === undefined) return;
    this.#clearTimer();
    this.#afterSwallow = undefined;
    done();
  }

  /** Until there was quiet nothing answers: this may be a word, or a paste. */
  #waitForQuiet(): void {
    this.#openAtMs = Math.max(this.#openAtMs, this.#clock.now() + QUIET_MS);
  }

  #forgetEscape(): void {
    this.#isEscapePending = false;
    this.#clearTimer();
  }

  #later(ms: number, call: () => void): void {
    this.#clearTimer();
    this.#stopTimer = this.#clock.after(ms, () => {
      this.#stopTimer = undefined;
      call();
    });
  }

  #clearTimer(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }
}

/** Of `d` and `v` it depends on the question whether they do anything. */
const isAnswerKey = (key: string): boolean => /^[ysanNdwbv?]$/.test(key);
