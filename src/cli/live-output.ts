/**
 * @module
 * Hands the program's output on as it comes, no faster than our reader reads.
 */
import type { OutputStream } from "../core/command.ts";
import type { OutputGate } from "./output-gate.ts";
import type { OutputTarget } from "./run-door.ts";

export interface LiveOutput {
  /** Resolves when the stream takes more. What comes after the reader went away is dropped. */
  write(stream: OutputStream, chunk: Buffer): Promise<void> | void;
  /** True once nobody reads one of the streams any more, as with `| head`. */
  readonly isClosed: () => boolean;
}

/**
 * @param targets Our own stdout and stderr; each is asked for when there is something to write.
 * @param onClosed Called once, when the reader of one of them goes away.
 * @param gate Nothing is written while it is held.
 */
export function openLiveOutput(
  targets: Readonly<Record<OutputStream, OutputTarget>>,
  onClosed: () => void,
  gate?: OutputGate,
): LiveOutput {
  const closed = new AbortController();
  const onError = (): void => {
    if (closed.signal.aborted) return;
    closed.abort();
    onClosed();
  };
  const known = new Set<OutputStream>();
  // Opening a stream of ours takes milliseconds, which a program's start need not wait for.
  const open = (stream: OutputStream): OutputTarget => {
    const target = targets[stream];
    // EPIPE from a pipe, EIO from a terminal that is gone: either way nobody reads. The listeners
    // stay for good, because a write may still fail after the run.
    if (!known.has(stream)) target.on("error", onError);
    known.add(stream);
    return target;
  };

  const write = (stream: OutputStream, chunk: Buffer): Promise<void> | void => {
    if (closed.signal.aborted) return;
    const opened = gate?.whenOpen();
    if (opened !== undefined) return opened.then(() => write(stream, chunk));
    const target = open(stream);
    if (target.write(chunk)) return;
    return drained(target, closed.signal);
  };
  return { write, isClosed: () => closed.signal.aborted };
}

function drained(target: OutputTarget, closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      target.off("drain", done);
      closed.removeEventListener("abort", done);
      resolve();
    };
    target.on("drain", done);
    closed.addEventListener("abort", done);
  });
}
