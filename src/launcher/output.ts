/**
 * @module
 * From the launcher's stdout and stderr to the command's `onOutput`, with back-pressure.
 */
import type { Readable } from "node:stream";
import type { Command, OutputStream } from "../core/command.ts";

export interface ForwardedOutput {
  /**
   * Resolves once as many bytes were handed over as the launcher says it has passed on.
   *
   * @throws What `onOutput` threw.
   */
  complete(passed: Readonly<Record<OutputStream, number>>): Promise<void>;
  /** From now on bytes are counted and thrown away. */
  discard(): void;
  stop(): void;
}

/** What both streams of one command share. */
interface Shared {
  discarding: boolean;
  /** In an object, because anything can be thrown. */
  readerError: { readonly error: unknown } | undefined;
  /** Called whenever a byte came, a reader answered or a stream closed. */
  wake: () => void;
}

interface Flow {
  readonly stream: Readable;
  receivedBytes: number;
  isReaderBusy: boolean;
  readonly stop: () => void;
}

/** @param onReaderError Called once if `onOutput` throws. */
export function forwardOutput(
  source: Readonly<Record<OutputStream, Readable>>,
  onOutput: Command["onOutput"],
  onReaderError: () => void,
): ForwardedOutput {
  const shared: Shared = { discarding: false, readerError: undefined, wake: () => undefined };
  const fail = (error: unknown): void => {
    if (shared.readerError !== undefined) return;
    shared.readerError = { error };
    shared.discarding = true;
    onReaderError();
  };
  const flows: Record<OutputStream, Flow> = {
    stdout: startFlow(source.stdout, (chunk) => onOutput("stdout", chunk), shared, fail),
    stderr: startFlow(source.stderr, (chunk) => onOutput("stderr", chunk), shared, fail),
  };
  return {
    complete: async (passed) => {
      await flowComplete(flows.stdout, passed.stdout, shared);
      await flowComplete(flows.stderr, passed.stderr, shared);
      if (shared.readerError !== undefined) throw shared.readerError.error;
    },
    discard: () => {
      shared.discarding = true;
      for (const { stream } of Object.values(flows)) stream.resume();
      shared.wake();
    },
    stop: () => {
      for (const { stop } of Object.values(flows)) stop();
    },
  };
}

function startFlow(
  stream: Readable,
  read: (chunk: Buffer) => void | Promise<void>,
  shared: Shared,
  fail: (error: unknown) => void,
): Flow {
  const onData = (chunk: Buffer): void => {
    flow.receivedBytes += chunk.length;
    if (!shared.discarding) void hand(chunk);
    shared.wake();
  };
  const onClose = (): void => {
    shared.wake();
  };
  async function hand(chunk: Buffer): Promise<void> {
    try {
      const answer = read(chunk);
      if (answer === undefined) return;
      flow.isReaderBusy = true;
      if (!shared.discarding) stream.pause();
      await answer;
    } catch (error) {
      fail(error);
    }
    flow.isReaderBusy = false;
    stream.resume();
    shared.wake();
  }
  const flow: Flow = {
    stream,
    receivedBytes: 0,
    isReaderBusy: false,
    stop: () => {
      stream.off("data", onData).off("close", onClose).pause();
    },
  };
  // Without the resume a stream that an earlier command left paused would stay so.
  stream.on("data", onData).on("close", onClose).resume();
  return flow;
}

async function flowComplete(flow: Flow, passedBytes: number, shared: Shared): Promise<void> {
  const isMissing = (): boolean => flow.receivedBytes < passedBytes && !flow.stream.destroyed;
  while (isMissing() || (flow.isReaderBusy && !shared.discarding)) {
    await new Promise<void>((resolve) => {
      shared.wake = resolve;
    });
  }
}
