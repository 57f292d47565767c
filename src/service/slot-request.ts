/**
 * @module
 * From how an execution waits to what the slots are asked for.
 */
import type { Turn } from "./request.ts";
import type { SlotRequest } from "./slots.ts";

export function slotRequestOf(turn: Turn, memoryBytes: number): SlotRequest {
  const { callerId, maxConcurrent, priority, timeoutMs, isAccepted } = turn;
  return {
    callerId,
    memoryBytes,
    ...(maxConcurrent === undefined ? {} : { maxConcurrent }),
    ...(priority === undefined ? {} : { priority }),
    ...(timeoutMs === undefined ? {} : { queueTimeoutMs: timeoutMs }),
    ...(isAccepted === undefined ? {} : { isAccepted }),
  };
}
