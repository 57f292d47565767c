/**
 * @module
 * What a command of a line reads and writes.
 */
import { PassThrough, Readable, Writable } from "node:stream";

/** `own`: the shell's own stdin, which is opened when it is needed. */
export type Input = Readable | "empty" | "own";

export interface Streams {
  readonly stdin: Input;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Of those that are such pipes. */
  readonly pipes?: { readonly before: Pipe | undefined; readonly after: Pipe | undefined };
}

/** What a pipe holds before its writer has to wait. */
const PIPE_BYTES = 256 * 1024;

/** The error of a pipe that nobody reads any more. */
const brokenPipe = (): Error => Object.assign(new Error("broken pipe"), { code: "EPIPE" });

export interface Pipe {
  /** Where it is a named pipe of this machine, which programs may be given themselves. */
  readonly paths?: { readonly reader: string; readonly writer: string };
  readonly reader: Readable;
  readonly writer: Writable;
  /** To be called when its reader has ended: its writer gets EPIPE. */
  readonly closeReader: () => void;
  /** To be called when its writer has ended. */
  readonly closeWriter: () => void;
}

export function createPipe(): Pipe {
  const stream = new PassThrough({ highWaterMark: PIPE_BYTES });
  // Without a listener the end of its reader would be the end of this process.
  stream.on("error", () => undefined);
  return {
    ...{ reader: stream, writer: stream },
    closeReader: () => {
      if (!stream.destroyed) stream.destroy(brokenPipe());
    },
    closeWriter: () => void stream.end(),
  };
}

export const nothing = (): Writable =>
  new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });

export const textInput = (text: string): Readable => Readable.from([Buffer.from(text)]);

/** Waits where its reader is slow. Whether it was read is no news for who writes a few words. */
export function writeText(target: Writable, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (target.destroyed || target.writableEnded) resolve();
    else target.write(text, () => resolve());
  });
}

export interface TextCollector {
  readonly stream: Writable;
  /** Undefined: it was more than the bound. */
  readonly text: () => string | undefined;
}

/** Keeps what is written; what is too much ends its writer, as a pipe without a reader does. */
export function collectText(maxBytes: number): TextCollector {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) {
        done(brokenPipe());
        return;
      }
      chunks.push(chunk);
      done();
    },
  });
  stream.on("error", () => undefined);
  return {
    stream,
    text: () => (bytes > maxBytes ? undefined : Buffer.concat(chunks).toString("utf8")),
  };
}
