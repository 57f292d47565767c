/**
 * @module
 * Questions that are answered from elsewhere: a web page, another program.
 */
import type { Answer, Asker, ShownQuestion } from "./asker.ts";

export type DeskEvent =
  | { readonly kind: "ask"; readonly question: ShownQuestion }
  | { readonly kind: "answered"; readonly id: string; readonly answer: Answer }
  | { readonly kind: "withdrawn"; readonly id: string };

export interface AskDesk {
  readonly asker: Asker;
  /** Those that nobody has answered, the oldest first. */
  readonly open: () => readonly ShownQuestion[];
  /** The listener must not throw. @returns Ends it. */
  readonly subscribe: (listener: (event: DeskEvent) => void) => () => void;
  /** The first answer counts. `gone`: it was withdrawn, or never asked. */
  readonly answer: (id: string, answer: Omit<Answer, "by">) => "ok" | "gone" | "already";
}

/** For telling those who answer too late; who is later than that is told `gone`. */
const MAX_ANSWERED = 1000;

export function createAskDesk(): AskDesk {
  const open = new Map<
    string,
    { readonly question: ShownQuestion; readonly settle: (answer: Answer) => void }
  >();
  const answered = new Set<string>();
  const listeners = new Set<(event: DeskEvent) => void>();
  const tell = (event: DeskEvent): void => {
    for (const listener of [...listeners]) listener(event);
  };
  const ask = (question: ShownQuestion, signal: AbortSignal): Promise<Answer> =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const { id } = question;
      const onAbort = (): void => {
        if (open.delete(id)) tell({ kind: "withdrawn", id });
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      const settle = (answer: Answer): void => {
        signal.removeEventListener("abort", onAbort);
        resolve(answer);
      };
      open.set(id, { question, settle });
      tell({ kind: "ask", question });
    });
  return {
    asker: { name: "api", asksPeople: true, ask },
    open: () => [...open.values()].map(({ question }) => question),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    answer: (id, given) => {
      const entry = open.get(id);
      if (entry === undefined) return answered.has(id) ? "already" : "gone";
      const answer: Answer = { ...given, by: "api" };
      open.delete(id);
      answered.add(id);
      const [oldest] = answered;
      if (answered.size > MAX_ANSWERED && oldest !== undefined) answered.delete(oldest);
      entry.settle(answer);
      tell({ kind: "answered", id, answer });
      return "ok";
    },
  };
}
