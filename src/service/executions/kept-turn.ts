/**
 * @module
 * How an execution waits, as it is kept beside its request: thousands may wait, and their requests are
 * not in memory.
 */
import type { ExecutionRequest, Turn } from "../request.ts";
import type { ActiveInfo } from "./live-execution.ts";

/** What is asked before the request is loaded. */
type KeptTurn = Turn & Pick<ExecutionRequest, "origin"> & { readonly memoryBytes: number };

export function keptTurn(turn: Turn, { limits, origin }: ExecutionRequest): KeptTurn {
  const { memoryBytes } = limits;
  return { ...turn, memoryBytes, ...(origin === undefined ? {} : { origin }) };
}

export function parseTurn({ turn }: ActiveInfo): KeptTurn {
  return JSON.parse(turn) as KeptTurn;
}
