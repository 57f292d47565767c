/**
 * @module
 * An execution that waits for its slot without its request.
 */
import type { ExecutionRequest, RequestOrigin, Turn } from "./request.ts";
import type { Slot } from "./slots.ts";

/** An execution whose request need not be in memory while it waits. */
export interface LaterExecution {
  readonly turn: Turn;
  /** The request's `limits.memoryBytes`. */
  readonly memoryBytes: number;
  readonly origin?: RequestOrigin | undefined;
  /** Called once it has its slot. */
  readonly load: (waitedMs: number) => Promise<ExecutionRequest>;
  /** See `ExecutionService.waitForSlot`. Absent: it waits for one. */
  readonly slot?: Slot;
}
