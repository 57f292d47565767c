/**
 * @module
 * Hands the program's output on as it comes, no faster than our reader reads.
 */
import type { Writable } from "node:stream";
import type { OutputStream } from "../core/command.ts";

export interface LiveOutput {
  /** Resolves when the stream takes more. What comes after the reader went away is dropped. */
  write(stream: OutputStream, chunk: Buffer): Promise<void> | void;
  /** True once nobody reads one of the streams any more, as with `| head`. */
  readonly isClosed: () => boolean;
}

/**
 * @param targets Our own stdout and stderr.
 * @param onClosed Called once, when the reader of one of them goes away.
 */
export function openLiveOutput(
  targets: Readonly<Record<OutputStream, Writable>>,
  onClosed: () => void,
): LiveOutput {
  const closed = new AbortController();
  const onError = (): void => {
    if (closed.signal.aborted) return;
    closed.abort();
    onClosed();
  };
  // EPIPE from a pipe, EIO from a terminal that is gone: either way nobody reads. The listeners
  // stay for good, because a write may still fail after the run.
  for (const target of Object.values(targets)) target.on("error", onError);

  const write = (stream: OutputStream, chunk: Buffer): Promise<void> | void => {
    if (closed.signal.aborted) return;
    const target = targets[stream];
    if (target.write(chunk)) return;
    return drained(target, closed.signal);
  };
  return { write, isClosed: () => closed.signal.aborted };
}

function drained(target: Writable, closed: AbortSignal): Promise<void> {
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
