/**
 * @module
 * Signals for the commands of a line: each gets them as a run of its own does, and the line hears of
 * them, too.
 */
import { EventEmitter } from "node:events";
import { handledSignals, listenForSignals, type Interruption } from "../signals.ts";

export interface LineSignals extends Disposable {
  /** Aborted by a second signal, and by any but Ctrl-C. */
  readonly signal: AbortSignal;
  readonly received: () => NodeJS.Signals | undefined;
  /** As if Ctrl-C had been pressed: a program with a terminal of its own got the key itself. */
  readonly note: () => void;
  /** For one command of the line. */
  readonly listen: () => Interruption;
}

export function listenForLine(): LineSignals {
  const source = new EventEmitter().setMaxListeners(0);
  const controller = new AbortController();
  let first: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (first !== undefined || signal !== "SIGINT") controller.abort();
    first ??= signal;
    source.emit(signal, signal);
  };
  for (const signal of handledSignals) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    received: () => first,
    note: () => (first ??= "SIGINT"),
    listen: () => {
      const interruption = listenForSignals(source);
      // It came before this command was there to hear it.
      if (first !== undefined) interruption.abort();
      return interruption;
    },
    [Symbol.dispose]: () => {
      for (const signal of handledSignals) process.off(signal, onSignal);
    },
  };
}
