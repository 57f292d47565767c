/**
 * @module
 * Requests that are being served: how many at a time, and those whose question can be withdrawn.
 */
import type { Duplex } from "node:stream";
import type { Waiter } from "./consent.ts";
import { errorNumberOf } from "./refusal.ts";
import { errorReply, finishReply, type Reply } from "./replies.ts";

export interface Workers {
  /** Replies with what `serve` gives, or with its error. */
  readonly run: (
    request: { readonly unique: bigint; readonly pid: number },
    serve: (waiter: Waiter) => Promise<Reply>,
  ) => void;
  readonly interrupt: (unique: bigint) => void;
  /** Withdraws all questions, and waits until nobody works any more. */
  readonly stop: () => Promise<void>;
  /** Takes more from the stream where there is room for it. */
  readonly steer: () => void;
}

/** Requests that are worked on at the same time; those that wait for an answer of somebody are not. */
const MAX_WORKING = 64;

export function createWorkers(stream: Duplex): Workers {
  const controllers = new Map<bigint, AbortController>();
  const running = new Set<Promise<unknown>>();
  /** Came with the last bytes: no more are taken while there are any. */
  const queue: (() => void)[] = [];
  let working = 0;

  const isBusy = (): boolean => working >= MAX_WORKING || stream.writableNeedDrain;

  const steer = (): void => {
    while (!isBusy() && queue.length > 0) queue.shift()?.();
    if (isBusy()) stream.pause();
    else stream.resume();
  };

  const whileAsking = async <T>(wait: () => Promise<T>): Promise<T> => {
    working -= 1;
    steer();
    try {
      return await wait();
    } finally {
      working += 1;
    }
  };

  const start = (unique: bigint, work: () => Promise<Reply>): void => {
    working += 1;
    const done = work()
      .then((reply) => finishReply(reply, unique))
      .catch((error: unknown) => errorReply(unique, errorNumberOf(error)))
      .then((reply) => stream.writable && stream.write(reply))
      .finally(() => {
        working -= 1;
        controllers.delete(unique);
        running.delete(done);
        steer();
      });
    running.add(done);
  };

  return {
    steer,
    run: ({ unique, pid }, serve) => {
      const controller = new AbortController();
      controllers.set(unique, controller);
      const waiter = { pid, signal: controller.signal, whileAsking };
      queue.push(() => start(unique, () => serve(waiter)));
      steer();
    },
    // One that is no more was answered already; it never comes before what it interrupts.
    interrupt: (unique) => controllers.get(unique)?.abort(),
    stop: async () => {
      queue.length = 0;
      for (const controller of controllers.values()) controller.abort();
      await Promise.all(running);
    },
  };
}
