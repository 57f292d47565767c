/**
 * @module
 * The open questions of all executions of a server: who asks, and who may answer.
 */
import { createAskDesk, type AskDesk } from "../../permissions/ask-desk.ts";
import type { Answer, Asker, ShownQuestion } from "../../permissions/asker.ts";
import { shuttingDown } from "../executions/refusals.ts";

/** An open question. */
export interface Ask extends AskingExecution {
  readonly id: string;
  readonly question: ShownQuestion;
  /** Milliseconds since 1970. */
  readonly askedAtMs: number;
  /** Then it is denied. */
  readonly expiresAtMs: number;
}

export interface AskingExecution {
  readonly executionId: string;
  readonly callerId: string;
}

/** `timeout`: nobody answered. `withdrawn`: whoever asked is gone, or another answer told this one. */
export type AskEvent =
  | { readonly kind: "ask" | "timeout" | "withdrawn"; readonly ask: Ask }
  | { readonly kind: "answered"; readonly ask: Ask; readonly answer: GivenAnswer };

export type GivenAnswer = Omit<Answer, "by">;

/** Absent: whichever. */
export type AskFilter = Readonly<Partial<AskingExecution>>;

export interface AskBoard {
  readonly begin: (execution: AskingExecution) => BoardPlace;
  /** The oldest first. */
  readonly list: (filter: AskFilter) => readonly Ask[];
  /** Whether there is such an execution that may ask, now. */
  readonly has: (filter: AskFilter) => boolean;
  /** The listener must not throw. @returns Ends it. */
  readonly subscribe: (filter: AskFilter, listener: (event: AskEvent) => void) => () => void;
  /** @returns `over`: it was open, and is not any more. */
  readonly find: (id: string, filter: AskFilter) => Ask | "over" | "unknown";
  /** The first answer counts. */
  readonly answer: (ask: Ask, answer: GivenAnswer) => "ok" | "over";
  /** From now on nobody can answer: executions with a question are ended, and so is who asks one. */
  readonly close: () => void;
}

/** Of one execution. */
export interface BoardPlace {
  readonly asker: Asker;
  /** Aborts where it can't be answered any more, because the server stops. */
  readonly signal: AbortSignal;
  /** Withdraws what is open. Idempotent. */
  readonly end: () => void;
}

export interface AskBoardOptions {
  readonly askTimeoutMs: number;
  /** Open questions, of one caller and of all. */
  readonly maxOfCaller?: number;
  readonly maxOpen?: number;
}

const MAX_OF_CALLER = 200;
const MAX_OPEN = 2000;
/** For telling who answers too late; who is later than that is told that there is none. */
const MAX_OVER = 2000;
/** Timers are exact to a few milliseconds. */
const TIMER_SLACK_MS = 50;

interface Open {
  readonly ask: Ask;
  readonly desk: AskDesk;
}

interface Place {
  readonly execution: AskingExecution;
  readonly stop: () => void;
}

export function createAskBoard(options: AskBoardOptions): AskBoard {
  const asks = createOpenAsks(options);
  const places = new Set<Place>();
  let isClosed = false;
  const begin = (execution: AskingExecution): BoardPlace => {
    const desk = createAskDesk();
    desk.subscribe((event) => {
      if (event.kind === "ask") asks.add(execution, desk, event.question);
      else asks.end(event.id, event.kind === "answered" ? event.answer : undefined);
    });
    const [ended, stopped] = [new AbortController(), new AbortController()];
    const stop = (): void => {
      stopped.abort(shuttingDown());
    };
    const place = { execution, stop };
    places.add(place);
    const ask: Asker["ask"] = async (question, signal) => {
      if (isClosed) stop();
      asks.refuseFlood(execution);
      const ends = AbortSignal.any([signal, ended.signal, stopped.signal]);
      return desk.asker.ask(question, ends);
    };
    return {
      asker: { ...desk.asker, ask },
      signal: stopped.signal,
      end: () => {
        places.delete(place);
        ended.abort(new Error("the execution has ended"));
      },
    };
  };
  return {
    ...asks.board,
    begin,
    has: (filter) => [...places].some(({ execution }) => isOf(execution, filter)),
    close: () => {
      isClosed = true;
      const asking = new Set(asks.board.list({}).map(({ executionId }) => executionId));
      for (const { execution, stop } of places) {
        if (asking.has(execution.executionId)) stop();
      }
    },
  };
}

interface OpenAsks {
  readonly board: Pick<AskBoard, "list" | "subscribe" | "find" | "answer">;
  readonly add: (execution: AskingExecution, desk: AskDesk, question: ShownQuestion) => void;
  /** @param answer Absent: there is none. */
  readonly end: (id: string, answer?: GivenAnswer) => void;
  /** @throws Where there are too many. */
  readonly refuseFlood: (execution: AskingExecution) => void;
}

function createOpenAsks({
  askTimeoutMs,
  maxOfCaller = MAX_OF_CALLER,
  maxOpen = MAX_OPEN,
}: AskBoardOptions): OpenAsks {
  const open = new Map<string, Open>();
  const over = new Map<string, AskingExecution>();
  const listeners = new Set<(event: AskEvent) => void>();
  const tell = (event: AskEvent): void => {
    for (const listener of [...listeners]) listener(event);
  };
  const list = (filter: AskFilter): readonly Ask[] =>
    [...open.values()].map(({ ask }) => ask).filter((ask) => isOf(ask, filter));
  const board: OpenAsks["board"] = {
    list,
    subscribe: (filter, listener) => {
      const listen = (event: AskEvent): void => {
        if (isOf(event.ask, filter)) listener(event);
      };
      listeners.add(listen);
      return () => void listeners.delete(listen);
    },
    find: (id, filter) => {
      const ask = open.get(id)?.ask;
      if (ask !== undefined) return isOf(ask, filter) ? ask : "unknown";
      const ended = over.get(id);
      return ended !== undefined && isOf(ended, filter) ? "over" : "unknown";
    },
    answer: ({ id }, answer) => (open.get(id)?.desk.answer(id, answer) === "ok" ? "ok" : "over"),
  };
  return {
    board,
    add: (execution, desk, question) => {
      const askedAtMs = Date.now();
      const times = { askedAtMs, expiresAtMs: askedAtMs + askTimeoutMs };
      const ask = { ...execution, id: question.id, question, ...times };
      open.set(ask.id, { ask, desk });
      tell({ kind: "ask", ask });
    },
    end: (id, answer) => {
      const ask = open.get(id)?.ask;
      if (ask === undefined) return;
      open.delete(id);
      over.set(id, { executionId: ask.executionId, callerId: ask.callerId });
      const [oldest] = over.keys();
      if (over.size > MAX_OVER && oldest !== undefined) over.delete(oldest);
      const isLate = Date.now() >= ask.expiresAtMs - TIMER_SLACK_MS;
      if (answer !== undefined) tell({ kind: "answered", ask, answer });
      else tell({ kind: isLate ? "timeout" : "withdrawn", ask });
    },
    refuseFlood: ({ callerId }) => {
      if (open.size < maxOpen && list({ callerId }).length < maxOfCaller) return;
      throw new Error("too many questions are open on this server");
    },
  };
}

function isOf(of: AskingExecution, { executionId, callerId }: AskFilter): boolean {
  const isExecution = executionId === undefined || of.executionId === executionId;
  return isExecution && (callerId === undefined || of.callerId === callerId);
}
