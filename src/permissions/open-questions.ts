/**
 * @module
 * Questions that are being asked, each with all who wait for its answer.
 */
import { setTimeout as startTimer, clearTimeout as stopTimer } from "node:timers";
import type { Question, Subject } from "../core/permission.ts";
import { maxTimerMs } from "../util/max-timer-ms.ts";
import type { Answer, Asker, ShownQuestion } from "./asker.ts";
import { subjectKey } from "./subject.ts";

/** How a question ended; `settled`: an answer to another one told this one, too. */
export type QuestionEnd =
  | { readonly kind: "answered"; readonly answer: Answer }
  | { readonly kind: "settled" }
  | { readonly kind: "timeout" }
  | { readonly kind: "failure"; readonly error: unknown };

export type Waited = QuestionEnd | { readonly kind: "withdrawn" };

export interface OpenQuestions {
  readonly size: () => number;
  readonly has: (subject: Subject) => boolean;
  /** Asks, or joins those who wait for the same. Does not throw. */
  readonly wait: (
    question: Question,
    show: () => ShownQuestion,
    signal: AbortSignal,
  ) => Promise<Waited>;
  /** Ends the questions that `isTold` is true of: nobody needs to answer them any more. */
  readonly settle: (isTold: (subject: Subject) => boolean) => void;
}

interface OpenQuestion {
  readonly subject: Subject;
  readonly end: Promise<QuestionEnd>;
  readonly finish: (end: QuestionEnd) => void;
  waiting: number;
}

export interface OpenQuestionsOptions {
  readonly asker: Asker;
  /** Absent: a question waits for ever. */
  readonly timeoutMs?: number;
  /** Called once for each that was asked to its end, before those who wait for it go on. */
  readonly onEnd: (question: Question, end: QuestionEnd) => Promise<void>;
}

export function createOpenQuestions(options: OpenQuestionsOptions): OpenQuestions {
  const open = new Map<string, OpenQuestion>();
  const start = (question: Question, shown: ShownQuestion): OpenQuestion => {
    const key = subjectKey(question.subject);
    const begun = ask(shown, options, async (end) => {
      // From here on the same subject is a new question; the answer is in the rules by then.
      try {
        await options.onEnd(question, end);
      } finally {
        if (open.get(key) === entry) open.delete(key);
      }
    });
    const entry: OpenQuestion = { subject: question.subject, ...begun, waiting: 0 };
    open.set(key, entry);
    return entry;
  };
  return {
    size: () => open.size,
    has: (subject) => open.has(subjectKey(subject)),
    settle: (isTold) => {
      for (const { subject, finish } of open.values()) {
        if (isTold(subject)) finish({ kind: "settled" });
      }
    },
    wait: async (question, show, signal) => {
      const key = subjectKey(question.subject);
      const entry = open.get(key) ?? start(question, show());
      entry.waiting += 1;
      const gone = await waitFor(entry.end, signal);
      entry.waiting -= 1;
      if (gone.kind !== "withdrawn") return gone;
      if (entry.waiting === 0) {
        if (open.get(key) === entry) open.delete(key);
        entry.finish({ kind: "settled" });
      }
      return { kind: "withdrawn" };
    },
  };
}

/** Asks; `finish` withdraws the question if it is not answered. The first end counts. */
function ask(
  shown: ShownQuestion,
  { asker, timeoutMs }: OpenQuestionsOptions,
  onEnd: (end: QuestionEnd) => Promise<void>,
): Pick<OpenQuestion, "end" | "finish"> {
  const withdrawal = new AbortController();
  const { promise, resolve } = newPromise<QuestionEnd>();
  let isOver = false;
  const finish = (end: QuestionEnd): void => {
    if (isOver) return;
    isOver = true;
    stopTimer(timer);
    if (end.kind !== "answered") withdrawal.abort();
    onEnd(end).then(
      () => {
        resolve(end);
      },
      (error: unknown) => {
        resolve({ kind: "failure", error });
      },
    );
  };
  const timer =
    timeoutMs === undefined
      ? undefined
      : startTimer(
          () => {
            finish({ kind: "timeout" });
          },
          Math.min(timeoutMs, maxTimerMs),
        );
  // An asker that throws instead of rejecting is no different.
  const asked = (async (): Promise<Answer> => asker.ask(shown, withdrawal.signal))();
  asked.then(
    (answer) => {
      finish({ kind: "answered", answer });
    },
    (error: unknown) => {
      finish({ kind: "failure", error });
    },
  );
  return { end: promise, finish };
}

/** An end that is there wins over a withdrawal that comes at the same time. */
function waitFor(end: Promise<QuestionEnd>, signal: AbortSignal): Promise<Waited> {
  return new Promise((resolve) => {
    const onAbort = (): void => {
      resolve({ kind: "withdrawn" });
    };
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    void end.then((value) => {
      signal.removeEventListener("abort", onAbort);
      resolve(value);
    });
  });
}

function newPromise<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((keep) => {
    resolve = keep;
  });
  return { promise, resolve };
}
