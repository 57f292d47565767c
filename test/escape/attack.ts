/**
 * @module
 * One row of the escape suite: a program that tries to get out, and what must come of it.
 */
import type { Control } from "../../src/core/enforcement.ts";
import type { Limits, OutputLimitAction } from "../../src/core/limits.ts";
import type { Outcome } from "../../src/core/outcome.ts";
import type { Policy } from "../../src/core/policy.ts";
import type { Bait } from "./bait.ts";

export interface Attack {
  /** What the program does, as a sentence's end: `forks until it can't`. */
  readonly name: string;
  /** File in `programs/`; `.c` is compiled on the host, `.sh` and `.py` run inside. */
  readonly program: string;
  readonly args?: (bait: Bait) => readonly string[];
  readonly stdin?: string;
  /** Ways that the program must have tried at least: its `held:` and `trying:` lines. */
  readonly tries: number;
  /** Default: exit code 0, which a program reaches only after its last try. */
  readonly ends?: "anyhow" | readonly Outcome[];
  readonly limits?: Partial<Limits>;
  readonly onOutputLimit?: OutputLimitAction;
  readonly policy?: (bait: Bait) => Partial<Policy>;
  /** What must hold besides; throws where it does not. */
  readonly check?: (result: AttackResult, bait: Bait) => void | Promise<void>;
  /** Holds only where this control is `enforced`; elsewhere skipped with the provider's own note. */
  readonly needs?: Control;
  /** The wall that the program runs into, for SECURITY.md. */
  readonly stoppedBy: string;
}

/** What a provider does otherwise than a row or a scenario says, though no wall of it is missing. */
export interface Difference {
  readonly reason: string;
  /** Lines after `ESCAPED: ` that say so; absent: the row is not run at all. */
  readonly says?: RegExp;
  /** Instead of the row's. */
  readonly ends?: Attack["ends"];
  readonly tries?: number;
  /** After the row's: words with which the program leaves a part out. */
  readonly args?: readonly string[];
}

/** By the name of the row or of the scenario. */
export type Differences = Readonly<Record<string, Difference>>;

export interface AttackResult {
  readonly outcome: Outcome;
  readonly stdout: string;
  readonly stderr: string;
  readonly keptBytes: number;
  readonly droppedBytes: number;
  readonly wallTimeMs: number;
  readonly cpuTimeMs: number;
  readonly peakMemoryBytes: number;
}

const MIB = 1024 * 1024;

/** Small, so that a bomb is a small one. */
export const attackLimits = {
  wallTimeMs: 6_000,
  cpuTimeMs: 4_000,
  memoryBytes: 128 * MIB,
  processes: 32,
  outputBytes: MIB,
  diskBytes: 16 * MIB,
  openFiles: 64,
} satisfies Limits;

export const limitOutcome = (
  limit: Extract<Outcome, { kind: "limit" }>["limit"],
  exitCode: number | null = null,
): Outcome => ({ kind: "limit", limit, exitCode });
