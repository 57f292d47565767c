/**
 * @module
 * Questions that outlast a signal. The kernel gives a call up when its thread has a signal to handle;
 * most programs then make the same call again, a program with a timer each few milliseconds. Whoever is
 * asked sees one question meanwhile, and the answer is for the call that comes next.
 */
import { abortable } from "../util/abortable.ts";

export interface LastingQuestions {
  /**
   * Begins the question, or goes on waiting for the one that has this key and was given up a moment ago.
   *
   * @param begin Its signal aborts when nobody came back for the answer.
   * @throws The reason of `signal`.
   */
  readonly ask: (
    key: string,
    signal: AbortSignal,
    begin: (signal: AbortSignal) => Promise<boolean>,
  ) => Promise<boolean>;
  /** Withdraws those that nobody waits for. */
  readonly close: () => void;
}

interface LastingQuestion {
  readonly answer: Promise<boolean>;
  readonly withdraw: () => void;
  waiting: number;
  timer?: NodeJS.Timeout;
}

/** A handler of a signal has run by then, and the call was made again; a person hardly notices. */
const GRACE_MS = 500;

/** A program that gives up more at a time has to be asked anew. */
const MAX_LEFT = 64;

export function createLastingQuestions(): LastingQuestions {
  const open = new Map<string, LastingQuestion>();

  const start = (key: string, begin: (signal: AbortSignal) => Promise<boolean>) => {
    const controller = new AbortController();
    const question: LastingQuestion = {
      // A failure is no yes.
      answer: begin(controller.signal).catch(() => false),
      withdraw: () => {
        forget(key, question);
        controller.abort();
      },
      waiting: 0,
    };
    open.set(key, question);
    return question;
  };

  const forget = (key: string, question: LastingQuestion): void => {
    clearTimeout(question.timer);
    if (open.get(key) === question) open.delete(key);
  };

  const leave = (question: LastingQuestion): void => {
    if (question.waiting > 0) return;
    if (open.size > MAX_LEFT) question.withdraw();
    else question.timer = setTimeout(question.withdraw, GRACE_MS);
  };

  return {
    ask: async (key, signal, begin) => {
      const question = open.get(key) ?? start(key, begin);
      clearTimeout(question.timer);
      question.waiting += 1;
      try {
        const isAllowed = await abortable(question.answer, signal);
        // Whoever is interrupted at this moment comes back for it.
        signal.throwIfAborted();
        forget(key, question);
        return isAllowed;
      } finally {
        question.waiting -= 1;
        if (signal.aborted) leave(question);
      }
    },
    close: () => {
      for (const question of [...open.values()]) if (question.waiting === 0) question.withdraw();
    },
  };
}
