/**
 * @module
 * From the launcher's stdout and stderr to the command's `onOutput`, with back-pressure.
 */
import type { Command, OutputStream } from "../core/command.ts";
import type { OutputSource } from "./launcher.ts";

export interface ForwardedOutput {
  /**
   * Resolves once as many bytes were handed over as the launcher says it has passed on.
   *
   * @throws What `onOutput` threw.
   */
  complete(passed: Readonly<Record<OutputStream, number>>): Promise<void>;
  /** From now on bytes are counted and thrown away. */
  discard(): void;
  /** Whether a reader keeps the launcher waiting. */
  readonly isReaderBusy: () => boolean;
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
  readonly stream: OutputSource;
  receivedBytes: number;
  /** Bytes that may still be handed over. */
  roomBytes: number;
  isReaderBusy: boolean;
  readonly stop: () => void;
}

/**
 * @param command No stream hands over more than its `outputBytes`. The launcher keeps to that itself;
 * but in a container, with a kernel that shields it less, a program may write past it.
 * @param onReaderError Called once if `onOutput` throws.
 */
export function forwardOutput(
  source: Readonly<Record<OutputStream, OutputSource>>,
  { onOutput, limits }: Pick<Command, "onOutput" | "limits">,
  onReaderError: () => void,
): ForwardedOutput {
  const mostBytes = limits.outputBytes === "unlimited" ? Infinity : limits.outputBytes;
  const shared: Shared = { discarding: false, readerError: undefined, wake: () => undefined };
  const fail = (error: unknown): void => {
    if (shared.readerError !== undefined) return;
    shared.readerError = { error };
    shared.discarding = true;
    onReaderError();
  };
  const flows: Record<OutputStream, Flow> = {
    stdout: startFlow(source.stdout, mostBytes, (chunk) => onOutput("stdout", chunk), shared, fail),
    stderr: startFlow(source.stderr, mostBytes, (chunk) => onOutput("stderr", chunk), shared, fail),
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
    isReaderBusy: () => Object.values(flows).some((flow) => flow.isReaderBusy),
    stop: () => {
      for (const { stop } of Object.values(flows)) stop();
    },
  };
}

function startFlow(
  stream: OutputSource,
  mostBytes: number,
  read: (chunk: Buffer) => void | Promise<void>,
  shared: Shared,
  fail: (error: unknown) => void,
): Flow {
  const onData = (chunk: Buffer): void => {
    flow.receivedBytes += chunk.length;
    const kept = chunk.subarray(0, flow.roomBytes);
    flow.roomBytes -= kept.length;
    if (!shared.discarding && kept.length > 0) void hand(kept);
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
    roomBytes: mostBytes,
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
