/**
 * @module
 * The runs of this page: one at a time, and those before it.
 */
import { computed, signal } from "@preact/signals";
import type { TerminalSize } from "../../../src/client/types.ts";
import { project } from "../state/project.ts";
import { languageChange } from "../state/starters.ts";
import { createRun, follow, isOver, type Run } from "./run.ts";

/** The latest first. */
export const runs = signal<readonly Run[]>([]);
/** What the page shows: each run from its begin, and one before it when somebody wants to see that. */
export const shownRun = signal<Run | undefined>(undefined);
export const isRunning = computed(() => {
  const [run] = runs.value;
  return run !== undefined && !isOver(run.state.value);
});

/** Their output is kept as long as they are. */
const MAX_RUNS = 20;
const DEFAULT_SIZE: TerminalSize = { columns: 80, rows: 24 };
/** The terminal's code may have to be loaded first. */
const MAX_WAIT_MS = 3000;

const stopping = signal<AbortController | undefined>(undefined);
let lastNumber = 0;

/** Ends the run before it, and begins another. */
export function startRun(): void {
  const change = languageChange();
  if (change === undefined) startNow();
  // What was there before is not what its user wants to see run.
  else void change.then(startRun);
}

function startNow(): void {
  stopRun();
  const stop = new AbortController();
  stopping.value = stop;
  const run = createRun(++lastNumber, project.peek());
  runs.value = [run, ...runs.peek()].slice(0, MAX_RUNS);
  shownRun.value = run;
  if (run.project.isTerminal) void followOnTerminal(run, stop.signal);
  else void follow(run, stop.signal);
}

/** Programs ask for their terminal's size as they start: it is known by then. */
async function followOnTerminal(run: Run, stop: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, MAX_WAIT_MS);
    run.terminalSize.subscribe((size) => {
      if (size === undefined) return;
      clearTimeout(timer);
      resolve();
    });
  });
  await follow(run, stop, run.terminalSize.peek() ?? DEFAULT_SIZE);
}

export function stopRun(): void {
  stopping.peek()?.abort();
}
