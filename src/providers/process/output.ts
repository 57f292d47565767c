/**
 * @module
 * Reads a program's output, up to its limit.
 */
import type { Readable } from "node:stream";
import type { Command, OutputStream } from "../../core/command.ts";

/** A child that left the process group may hold a pipe open for ever; this long we wait for it. */
const SILENCE_MS = 500;

export interface OutputReader {
  readonly droppedBytes: Record<OutputStream, number>;
  /** Resolves at the end of both streams; rejects with what `onOutput` threw. */
  readonly done: Promise<void>;
  /** To be called when the processes are gone: what holds a silent stream open now is cut off. */
  stopAtSilence(): void;
  /** Hands over no more. */
  stop(): void;
}

/** @param onOverLimit Called with each piece that is dropped. */
export function readOutput(
  streams: Readonly<Record<OutputStream, Readable>>,
  { limits, onOutput }: Pick<Command, "limits" | "onOutput">,
  onOverLimit: () => void,
): OutputReader {
  const maxBytes = limits.outputBytes === "unlimited" ? Infinity : limits.outputBytes;
  const droppedBytes = { stdout: 0, stderr: 0 };
  let isHandingOver = 0;
  let silence: NodeJS.Timeout | undefined;

  const stop = (): void => {
    clearTimeout(silence);
    streams.stdout.destroy();
    streams.stderr.destroy();
  };
  const handOver = async (stream: OutputStream, chunk: Buffer): Promise<void> => {
    isHandingOver += 1;
    try {
      await onOutput(stream, chunk);
    } finally {
      isHandingOver -= 1;
      silence?.refresh();
    }
  };
  const read = async (stream: OutputStream): Promise<void> => {
    let keptBytes = 0;
    for await (const chunk of streams[stream] as AsyncIterable<Buffer>) {
      silence?.refresh();
      const kept = chunk.subarray(0, maxBytes - keptBytes);
      keptBytes += kept.byteLength;
      droppedBytes[stream] += chunk.byteLength - kept.byteLength;
      if (kept.byteLength < chunk.byteLength) onOverLimit();
      if (kept.byteLength > 0) await handOver(stream, kept);
    }
  };
  const readAll = async (): Promise<void> => {
    try {
      await Promise.all([read("stdout").catch(ignoreStop), read("stderr").catch(ignoreStop)]);
    } finally {
      stop();
    }
  };
  return {
    droppedBytes,
    done: readAll(),
    stop,
    stopAtSilence: () => {
      silence = setTimeout(() => {
        if (isHandingOver > 0) silence?.refresh();
        else stop();
      }, SILENCE_MS);
    },
  };
}

/** A destroyed stream ends its iteration with this error. */
function ignoreStop(error: unknown): void {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
}
