/**
 * @module
 * Our own standard input, as the program's.
 */
import type { Readable } from "node:stream";
import { invalidRequest } from "../core/errors.ts";
import { readProcessStat } from "../util/process-stat.ts";

/**
 * Our stdin; `empty` for a background job of a terminal, which the kernel would stop (SIGTTIN) as
 * soon as we read ahead for a program that may never ask.
 */
export function ownStdin(): Readable | "empty" {
  if (process.stdin.isTTY && !isInForeground()) return "empty";
  return process.stdin;
}

/** Lets go of stdin: a terminal or pipe that is still open would keep this process alive. */
export function releaseStdin(stdin: Readable | "empty"): void {
  if (stdin === "empty") return;
  // Destroying a stream with a read in flight may report EBADF or EIO; nobody needs that byte.
  stdin.on("error", () => undefined);
  stdin.destroy();
}

/**
 * Reads a stream to its end.
 *
 * @param what Names the source in the message.
 * @throws {GloveboxError} `INVALID_REQUEST` above `maxBytes`; nothing more is read then.
 */
export async function readBounded(
  stream: Readable,
  maxBytes: number,
  what: string,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) {
      throw invalidRequest(what, `is longer than ${maxBytes} bytes. Raise it with --disk.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function isInForeground(): boolean {
  const stat = readProcessStat("self");
  return stat !== undefined && stat.processGroup === stat.foregroundGroup;
}
