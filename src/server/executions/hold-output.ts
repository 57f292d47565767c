/**
 * @module
 * Bounds what those hold together who read the output of executions: until it is read it stays in
 * memory, also when the execution has ended.
 */
import { hasEnded, type ExecutionInfo } from "../../service/executions/execution-info.ts";
import type { Executions } from "../../service/executions/executions.ts";
import { createByteBudget, type ByteShare } from "../byte-budget.ts";

export interface OutputHolds {
  /**
   * To be called before the output is asked for.
   *
   * @param onRefused Called where the execution ends while it is read, and there is no room for what is
   * still to be read: then the reader must end.
   * @throws {GloveboxError} `CAPACITY_EXHAUSTED`
   */
  hold(info: ExecutionInfo, onRefused: (error: unknown) => void): OutputHold;
}

export interface OutputHold {
  /** The reader has ended. Idempotent. */
  close(): void;
}

/** What is kept is text; in memory there are its bytes besides. */
const COPIES = 2;
/** Of an execution that goes on: its output is there once, and bounded by the slots. */
const LIVE_BYTES = 64 * 1024;

export function createOutputHolds(
  executions: Pick<Executions, "live">,
  maxBytes: number,
): OutputHolds {
  const budget = createByteBudget(maxBytes, "events", "readers of executions");
  /** Of executions that ended while they were read: their output is there once, for all who read it. */
  const ended = new Map<string, { readonly share: ByteShare; readers: number }>();

  /** @returns Ends it. */
  const joinEnded = ({ id, callerId, bytes }: ExecutionInfo): (() => void) => {
    const known = ended.get(id) ?? { share: budget.open(() => callerId), readers: 0 };
    if (known.readers === 0) known.share.take(bytes);
    known.readers += 1;
    ended.set(id, known);
    return () => {
      known.readers -= 1;
      if (known.readers > 0) return;
      ended.delete(id);
      known.share.close();
    };
  };

  return {
    hold: (info, onRefused) => {
      const share = budget.open(() => info.callerId);
      const live = executions.live(info.id);
      share.take(hasEnded(info.state) ? COPIES * info.bytes : LIVE_BYTES);
      let leave: (() => void) | undefined;
      const stop = live?.onState((newest) => {
        if (!hasEnded(newest.state)) return;
        stop?.();
        try {
          leave = joinEnded(newest);
        } catch (error) {
          onRefused(error);
        }
      });
      return {
        close: () => {
          share.close();
          stop?.();
          leave?.();
          leave = undefined;
        },
      };
    },
  };
}
