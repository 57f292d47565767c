/**
 * @module
 * Docker carries stdout and stderr of a container on one connection, as frames: a header of 8 bytes
 * (type, three zeros, length in 32 bits, the highest first), then as many bytes.
 */
import { Readable } from "node:stream";
import { EngineError } from "./errors.ts";

export interface Outputs {
  readonly stdout: Readable;
  readonly stderr: Readable;
}

const HEADER_BYTES = 8;
/** Of the daemon's own error message. */
const MAX_ERROR_BYTES = 4096;

/** Types of a frame. stdin's echo counts as stdout, as it does for docker's command line. */
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const DAEMON_ERROR = 3;

type Sink = keyof Outputs | "error";

/**
 * Splits a connection into its two outputs. It is read only while both have room: who wants only one
 * of them destroys the other, whose bytes are then thrown away. Both end with the connection.
 *
 * Both fail with the connection's error, with an `EngineError` that the daemon wrote into it, and
 * for bytes that are no frames or stop in the middle of one. Listen to both: an `error` that nobody
 * listens to ends the process.
 */
export function demultiplex(source: Readable): Outputs {
  const full = new Set<Readable>();
  const makeRoom = (stream: Readable): void => {
    if (full.delete(stream) && full.size === 0) source.resume();
  };
  const outputs: Outputs = { stdout: outputStream(makeRoom), stderr: outputStream(makeRoom) };
  const both = [outputs.stdout, outputs.stderr];
  const daemonError: Buffer[] = [];

  const write = (sink: Sink, bytes: Buffer): void => {
    if (sink === "error") {
      daemonError.push(bytes);
      return;
    }
    const stream = outputs[sink];
    if (stream.destroyed || stream.push(bytes)) return;
    full.add(stream);
    source.pause();
  };
  const fail = (error?: Error): void => {
    // What comes after bytes that make no sense makes none either.
    source.off("data", onData).destroy();
    for (const stream of both) {
      // After its end nothing that happens to the connection concerns a reader.
      if (!hasEnded) stream.destroy(error);
    }
  };
  const frames = frameReader(write);
  const onData = (chunk: Buffer): void => {
    try {
      frames.read(chunk);
      if (daemonError.length > 0 && !frames.isInside()) {
        fail(new EngineError(200, Buffer.concat(daemonError).toString()));
      }
    } catch (error) {
      fail(error as Error);
    }
  };
  let hasEnded = false;
  source.on("data", onData);
  source.on("error", fail);
  source.once("close", () => {
    fail();
  });
  source.once("end", () => {
    if (frames.isInside()) {
      fail(new Error("docker: the connection to the container ended in the middle of its output"));
      return;
    }
    hasEnded = true;
    for (const stream of both) stream.push(null);
  });
  return outputs;
}

/** A stream that tells when it wants more, or nothing any more. */
function outputStream(makeRoom: (stream: Readable) => void): Readable {
  return new Readable({
    read() {
      makeRoom(this);
    },
    destroy(error, done) {
      makeRoom(this);
      done(error);
    },
  });
}

interface FrameReader {
  /** @throws {Error} for bytes that are no header. */
  read(chunk: Buffer): void;
  /** Whether a header or a frame has begun and is not complete. */
  isInside(): boolean;
}

function frameReader(write: (sink: Sink, bytes: Buffer) => void): FrameReader {
  const header = Buffer.alloc(HEADER_BYTES);
  let headerBytes = 0;
  let sink: Sink = "stdout";
  let missingBytes = 0;

  /** Reads what it can of a header; returns how many bytes it took. */
  const readHeader = (chunk: Buffer, at: number): number => {
    const taken = chunk.copy(header, headerBytes, at);
    headerBytes += taken;
    if (headerBytes === HEADER_BYTES) {
      headerBytes = 0;
      [sink, missingBytes] = parseHeader(header);
    }
    return taken;
  };
  return {
    read: (chunk) => {
      for (let at = 0; at < chunk.length;) {
        if (missingBytes === 0) {
          at += readHeader(chunk, at);
          continue;
        }
        const bytes = chunk.subarray(at, at + missingBytes);
        missingBytes -= bytes.length;
        at += bytes.length;
        write(sink, bytes);
      }
    },
    isInside: () => missingBytes > 0 || headerBytes > 0,
  };
}

function parseHeader(header: Buffer): [Sink, number] {
  const length = header.readUInt32BE(4);
  if (header.readUIntBE(1, 3) === 0) {
    switch (header[0]) {
      case STDIN:
      case STDOUT:
        return ["stdout", length];
      case STDERR:
        return ["stderr", length];
      case DAEMON_ERROR:
        if (length <= MAX_ERROR_BYTES) return ["error", length];
        break;
      default:
    }
  }
  const bytes = header.toString("hex");
  throw new Error(`docker: \`${bytes}\` is no header of an output frame. Has the container a TTY?`);
}
