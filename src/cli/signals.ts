/**
 * @module
 * What Ctrl-C and `kill` do to a run: the first signal is the program's, so that it can tidy up;
 * the second one ends the sandbox.
 */
import type { ExecutionControl } from "../service/request.ts";
import { exitCodeOfAbort } from "./exit.ts";

/** Ctrl-C, `kill`, and a terminal that goes away. */
export const handledSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What a program gets to end after SIGTERM or SIGHUP, in ms. SIGINT waits for a person's second one. */
const GRACE_MS = 5000;

export interface Interruption extends Disposable {
  /** Aborted when the sandbox is to be destroyed now. */
  readonly signal: AbortSignal;
  /** The first signal that came, if any. */
  readonly received: () => NodeJS.Signals | undefined;
  /** From here on the first signal goes to the program; before, any signal ends the run. */
  readonly attach: (control: ExecutionControl) => void;
  /** Ends the run for a reason of our own. */
  readonly abort: () => void;
}

/**
 * Listens to signals until it is disposed of.
 *
 * @param source Where they come from: this process, or who passes them on.
 */
export function listenForSignals(
  source: Pick<NodeJS.EventEmitter, "on" | "off"> = process,
): Interruption {
  const controller = new AbortController();
  let control: ExecutionControl | undefined;
  let first: NodeJS.Signals | undefined;
  let grace: NodeJS.Timeout | undefined;

  const onSignal = (signal: NodeJS.Signals): void => {
    const isFirst = first === undefined;
    first ??= signal;
    if (!isFirst || control === undefined) {
      controller.abort();
      return;
    }
    control.kill(signal);
    if (signal !== "SIGINT") grace = setTimeout(() => controller.abort(), GRACE_MS);
  };
  for (const signal of handledSignals) source.on(signal, onSignal);

  return {
    signal: controller.signal,
    received: () => first,
    attach: (started) => (control = started),
    abort: () => controller.abort(),
    [Symbol.dispose]: () => {
      clearTimeout(grace);
      for (const signal of handledSignals) source.off(signal, onSignal);
    },
  };
}

/**
 * Work that any signal ends in order.
 *
 * @returns What the work returned, or the exit code of the signal.
 */
export async function untilSignal(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  using interruption = listenForSignals();
  const { signal, received } = interruption;
  try {
    return await work(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    return exitCodeOfAbort({ received: received(), outputClosed: false });
  }
}
