/**
 * @module
 * Bounds what those hold together who read the output of executions: until it is read it stays in
 * memory, also when the execution has ended.
 */
import { hasEnded, type ExecutionInfo } from "../../service/executions/execution-info.ts";
import type { Executions } from "../../service/executions/executions.ts";
import type { ByteBudget } from "../byte-budget.ts";

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

/** What is kept, the value that is made of it, and the text of the last message, which has all of it. */
const COPIES = 3;
/** Of an execution that goes on: its output is there once, and bounded by the slots. */
const LIVE_BYTES = 64 * 1024;

export function createOutputHolds(
  executions: Pick<Executions, "live">,
  budget: ByteBudget,
): OutputHolds {
  return {
    hold: (info, onRefused) => {
      const share = budget.open(() => info.callerId);
      const live = executions.live(info.id);
      share.take(hasEnded(info.state) ? COPIES * info.bytes : LIVE_BYTES);
      const stop = live?.onState(({ state, bytes }) => {
        if (!hasEnded(state)) return;
        stop?.();
        try {
          share.take(COPIES * bytes);
        } catch (error) {
          onRefused(error);
        }
      });
      return {
        close: () => {
          stop?.();
          share.close();
        },
      };
    },
  };
}
