/**
 * @module
 * From the launcher's stdout and stderr to the command's `onOutput`, with back-pressure.
 */
import type { Readable } from "node:stream";
import type { Command, OutputStream } from "../../core/command.ts";

export interface ForwardedOutput {
  /** Resolves once as many bytes were handed over as the launcher says it has passed on. */
  complete(passed: Readonly<Record<OutputStream, number>>): Promise<void>;
  /** From now on bytes are counted and thrown away. */
  discard(): void;
  stop(): void;
}

interface Flow {
  readonly stream: Readable;
  receivedBytes: number;
  /** The reader's pending answer. */
  pending: Promise<void> | undefined;
}

/**
 * @param onReaderError Called once if `onOutput` throws; `complete` then rejects with that error.
 */
export function forwardOutput(
  source: { readonly stdout: Readable; readonly stderr: Readable },
  onOutput: Command["onOutput"],
  onReaderError: () => void,
): ForwardedOutput {
  let discarding = false;
  let readerError: { readonly error: unknown } | undefined;
  let wake: () => void = () => undefined;
  const flows: Record<OutputStream, Flow> = {
    stdout: { stream: source.stdout, receivedBytes: 0, pending: undefined },
    stderr: { stream: source.stderr, receivedBytes: 0, pending: undefined },
  };

  const nextWake = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });

  function fail(error: unknown): void {
    if (readerError !== undefined) return;
    readerError = { error };
    discarding = true;
    onReaderError();
  }

  async function settle(flow: Flow, pending: Promise<void>): Promise<void> {
    if (!discarding) flow.stream.pause();
    try {
      await pending;
    } catch (error) {
      fail(error);
    }
    flow.pending = undefined;
    flow.stream.resume();
    wake();
  }

  const listeners = (["stdout", "stderr"] as const).map((name) => {
    const flow = flows[name];
    const listener = (chunk: Buffer): void => {
      flow.receivedBytes += chunk.length;
      try {
        const pending = discarding ? undefined : onOutput(name, chunk);
        if (pending !== undefined) flow.pending = settle(flow, pending);
      } catch (error) {
        fail(error);
      }
      wake();
    };
    flow.stream.on("data", listener);
    const onClose = (): void => {
      wake();
    };
    flow.stream.on("close", onClose);
    // Without the resume a stream that an earlier command left paused would stay so.
    flow.stream.resume();
    return () => {
      flow.stream.off("data", listener).off("close", onClose);
      flow.stream.pause();
    };
  });

  return {
    complete: async (passed) => {
      for (const name of ["stdout", "stderr"] as const) {
        const flow = flows[name];
        while (flow.receivedBytes < passed[name] && !flow.stream.destroyed) {
          await nextWake();
        }
        while (flow.pending !== undefined && !discarding) await nextWake();
      }
      if (readerError !== undefined) throw readerError.error;
    },
    discard: () => {
      discarding = true;
      wake();
      for (const flow of Object.values(flows)) flow.stream.resume();
    },
    stop: () => {
      for (const off of listeners) off();
    },
  };
}
