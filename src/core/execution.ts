/**
 * @module
 * The record of one command that ran to its end.
 */
import type { OutputStream } from "./command.ts";
import type { Outcome } from "./outcome.ts";
import type { ResourceUsage } from "./usage.ts";

export interface Execution {
  readonly outcome: Outcome;
  readonly usage: ResourceUsage;
  /** Bytes of each stream that exceeded the output limit and were dropped. */
  readonly droppedBytes: Readonly<Record<OutputStream, number>>;
  /** False: there is nothing in `/workspace/out`; absent: nobody looked. */
  readonly hasArtifacts?: boolean;
}
