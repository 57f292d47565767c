/**
 * @module
 * Our own standard input, as the program's.
 */
import { fstatSync } from "node:fs";
import type { Readable } from "node:stream";
import { isatty } from "node:tty";
import { invalidRequest, type GloveboxError } from "../core/errors.ts";
import { readProcessStat } from "../util/process-stat.ts";

/**
 * Our stdin; `empty` where there is nothing to read, and for a background job of a terminal, which the
 * kernel would stop (SIGTTIN) as soon as we read ahead for a program that may never ask.
 */
export function ownStdin(): Readable | "empty" {
  return isStdinEmpty() ? "empty" : process.stdin;
}

/** Opens no stream, which takes milliseconds. */
export function isStdinEmpty(): boolean {
  return isNullDevice(0) || (isatty(0) && !isInForeground());
}

function isNullDevice(fd: number): boolean {
  const stat = fstatSync(fd);
  return stat.isCharacterDevice() && stat.rdev === NULL_DEVICE;
}

/** Major 1, minor 3, on every Linux; null(4). */
const NULL_DEVICE = 0x103;

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
    if (bytes > maxBytes) throw tooLong(what, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function tooLong(what: string, maxBytes: number): GloveboxError<"INVALID_REQUEST"> {
  return invalidRequest(what, `is longer than ${maxBytes} bytes. Raise it with --disk.`);
}

/** Whether this process has a terminal, and may read from it. */
export function isInForeground(): boolean {
  const stat = readProcessStat("self");
  return stat !== undefined && stat.processGroup === stat.foregroundGroup;
}
