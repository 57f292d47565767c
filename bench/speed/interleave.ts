/**
 * @module
 * Several ways to do the same, in turn: what makes the machine slow meets all of them.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { median, percentile } from "../statistics.ts";

const MIN_GAP_MS = 10;
const MAX_GAP_MS = 30;
const MAX_WARM_UP_ROUNDS = 5;

/** One way. */
export interface Lane {
  /** Times in each round; default 1. */
  readonly perRound?: number;
  /** @returns How long it took, in ms. */
  run(): Promise<number>;
}

export interface InterleaveOptions {
  readonly rounds: number;
  /** Rounds end earlier after it, but not before a third of them. */
  readonly maxMs: number;
}

/** How long each took, in ms, by the names of the lanes. Each begins 10 to 30 ms after the one before. */
export async function interleave<Name extends string>(
  lanes: Readonly<Record<Name, Lane>>,
  { rounds, maxMs }: InterleaveOptions,
): Promise<Readonly<Record<Name, readonly number[]>>> {
  const names = Object.keys(lanes) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    number[]
  >;
  const started = performance.now();
  const warmUp = Math.min(MAX_WARM_UP_ROUNDS, Math.ceil(rounds / 5));
  for (let round = -warmUp; round < rounds; round++) {
    if (round > rounds / 3 && performance.now() - started > maxMs) break;
    for (const name of names) {
      for (let turn = 0; turn < (lanes[name].perRound ?? 1); turn++) {
        await sleep(MIN_GAP_MS + Math.random() * (MAX_GAP_MS - MIN_GAP_MS));
        const ms = await lanes[name].run();
        if (round >= 0) times[name].push(ms);
      }
    }
  }
  return times;
}

/** `3.14 ms (p99 15.9)`. */
export function describeTimes(times: readonly number[]): string {
  return `${median(times).toFixed(2)} ms (p99 ${percentile(times, 99).toFixed(2)}, ${times.length} runs)`;
}

export function spreadOf(times: readonly number[]) {
  return { p10: percentile(times, 10), p50: median(times), p99: percentile(times, 99) };
}
