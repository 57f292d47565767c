/**
 * @module
 * What a launcher in a container writes on its stderr, see native/launcher/container.c: frames. `e` is
 * the program's stderr, `s` are status lines. Each status line begins with a token, which the program
 * does not know: with gVisor it may write into this stream, too.
 */
import { Readable, type Readable as ReadableStream } from "node:stream";
import { cutFrame } from "../../launcher/frame.ts";
import { createLineQueue } from "../../launcher/line-queue.ts";

const kinds = ["e", "s"] as const;

export interface Frames {
  readonly stderr: ReadableStream;
  /** Resolves with undefined at the end of the stream, however it came about. */
  readonly nextLine: () => Promise<string | undefined>;
}

/** More lines than anybody waits for. */
const MAX_LINES = 64;

/**
 * Reads only while the program's stderr has room. Status lines without the token are taken as long as
 * none had it: a launcher that fails early does not know it yet, and no program runs by then.
 */
export function readFrames(source: ReadableStream, token: string): Frames {
  const lines = createLineQueue();
  let isMarked = false;
  const takeLine = (text: string): void => {
    const hasToken = text.startsWith(token);
    if (!hasToken && isMarked) return;
    isMarked ||= hasToken;
    lines.push(hasToken ? text.slice(token.length) : text);
    if (lines.length() > MAX_LINES) throw new Error("docker: too many status lines");
  };
  const stderr = new Readable({
    read: () => {
      source.resume();
    },
  });
  let rest: Buffer = Buffer.alloc(0);
  const take = (chunk: Buffer): void => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let frame = cutFrame(rest, kinds); frame !== undefined; frame = cutFrame(rest, kinds)) {
      rest = frame.rest;
      if (frame.kind === "s") takeLine(frame.bytes.toString("utf8"));
      else if (!stderr.push(frame.bytes)) source.pause();
    }
  };
  const end = (): void => {
    lines.end();
    if (!stderr.readableEnded && !stderr.destroyed) stderr.push(null);
  };
  source.on("data", (chunk: Buffer) => {
    try {
      take(chunk);
    } catch (error) {
      source.destroy(error as Error);
    }
  });
  // A connection that breaks is the end of a sandbox; its reason is asked for elsewhere.
  source.on("error", end).on("end", end).on("close", end);
  return { stderr, nextLine: lines.next };
}
