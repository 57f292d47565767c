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

export interface KeyReader {
  /** Bytes of the terminal, as they come. */
  readonly read: (chunk: Buffer) => void;
  /** A new question is on the screen: what is typed now may have been meant for something else. */
  readonly guard: () => void;
  /** A key has answered: the rest of its word is swallowed. `done` is called after that. */
  readonly swallow: (done: () => void) => void;
  readonly close: () => void;
}

export interface KeyEvents {
  /** One printable character, or Escape as `\u001b`. */
  readonly onKey: (key: string) => void;
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

export function createKeyReader(clock: Clock, { onKey, onInterrupt }: KeyEvents): KeyReader {
  let openAt = 0;
  let stopTimer: (() => void) | undefined;
  let afterSwallow: (() => void) | undefined;
  const clear = (): void => {
    stopTimer?.();
    stopTimer = undefined;
  };
  const later = (ms: number, call: () => void): void => {
    clear();
    stopTimer = clock.after(ms, () => {
      stopTimer = undefined;
      call();
    });
  };
  const endSwallow = (): void => {
    clear();
    const done = afterSwallow;
    afterSwallow = undefined;
    done?.();
  };
  /** Until there was quiet, nothing answers: this may be a word, or a paste. */
  const waitForQuiet = (): void => {
    openAt = Math.max(openAt, clock.now() + QUIET_MS);
  };
  const isEscapePending = { value: false };
  const take = (text: string): void => {
    if (text === "\r" || text === "\n" || text === "\r\n") return;
    if (clock.now() < openAt) {
      waitForQuiet();
      return;
    }
    if (text === "\u001b") {
      isEscapePending.value = true;
      later(ESCAPE_MS, () => {
        isEscapePending.value = false;
        onKey(text);
      });
      return;
    }
    const [, word] = wordForm.exec(text) ?? [];
    const key = word?.[0] ?? text;
    if (/^[A-Za-z?]$/.test(key)) onKey(key);
    // A key that answers has begun to swallow by now, and a reader that shows more is no burst.
    if (!isAnswerKey(key)) waitForQuiet();
  };
  return {
    read: (chunk) => {
      const text = chunk.toString("latin1");
      if (text.includes("\u0003")) {
        onInterrupt();
      } else if (afterSwallow !== undefined) {
        if (/[\r\n]/.test(text)) endSwallow();
        else later(QUIET_MS, endSwallow);
      } else if (isEscapePending.value) {
        isEscapePending.value = false;
        clear();
        waitForQuiet();
      } else {
        take(text);
        // With its end in the same bytes, nothing of the word is still to come.
        if (afterSwallow !== undefined && /[\r\n]/.test(text)) endSwallow();
      }
    },
    guard: () => {
      openAt = clock.now() + GUARD_MS;
    },
    swallow: (done) => {
      afterSwallow = done;
      later(QUIET_MS, endSwallow);
    },
    close: () => {
      clear();
      afterSwallow = undefined;
    },
  };
}

const isAnswerKey = (key: string): boolean => /^[ysanNdwbv?]$/.test(key);
