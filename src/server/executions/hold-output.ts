/**
 * @module
 * Bounds what those hold together who read the output of executions that have ended: each has a copy of
 * it in memory until it is read.
 */
import { hasEnded, type ExecutionInfo } from "../../service/executions/execution-info.ts";
import { createByteBudget, type ByteBudget, type ByteShare } from "../byte-budget.ts";

/** What is kept is text; in memory there are its bytes besides. */
const COPIES = 2;
/** Of an execution that goes on: its output is there once, for all who follow it. */
const LIVE_BYTES = 64 * 1024;

export function createOutputBudget(maxBytes: number): ByteBudget {
  return createByteBudget(maxBytes, "events", "readers of executions");
}

/** @throws {GloveboxError} `CAPACITY_EXHAUSTED` */
export function holdOutput(
  budget: ByteBudget,
  { callerId, state, bytes }: ExecutionInfo,
): ByteShare {
  const share = budget.open(() => callerId);
  share.take(hasEnded(state) ? COPIES * bytes : LIVE_BYTES);
  return share;
}
