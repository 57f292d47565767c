import { once } from "node:events";
import { PassThrough, type Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import { describe, expect, test } from "vitest";
import { demultiplex, type Outputs } from "./demultiplex.ts";

function frame(type: number, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  const header = Buffer.from([type, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

function readAll({ stdout, stderr }: Outputs): Promise<[string, string]> {
  return Promise.all([text(stdout), text(stderr)]);
}

/** A repeatable source of chance (mulberry32), so that a failure can be looked at. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

async function failureOf(stream: Readable): Promise<Error> {
  stream.resume();
  const failed = finished(stream).then(
    () => new Error("it ended well"),
    (error: unknown) => error as Error,
  );
  return failed;
}

describe("demultiplex", () => {
  test("splits frames that are cut anywhere", async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const pick = chance(seed);
      const expected: [string, string] = ["", ""];
      const frames: Buffer[] = [];
      for (let count = pick(20); count > 0; count--) {
        const type = pick(3);
        const content = String.fromCharCode(97 + pick(26)).repeat(pick(5) === 0 ? 0 : pick(300));
        expected[type === 2 ? 1 : 0] += content;
        frames.push(frame(type, content));
      }
      const source = new PassThrough();
      const read = readAll(demultiplex(source));
      const bytes = Buffer.concat(frames);
      for (let at = 0; at < bytes.length;) {
        const size = 1 + pick(pick(2) === 0 ? 10 : 1000);
        source.write(bytes.subarray(at, at + size));
        at += size;
      }
      source.end();
      expect(await read, `seed ${seed}`).toEqual(expected);
    }
  });

  test("does not read on while one reader is slow", async () => {
    const source = new PassThrough();
    const { stdout, stderr } = demultiplex(source);
    stderr.resume();
    let written = 0;
    const block = frame(1, Buffer.alloc(16 * 1024, "x"));
    while (source.write(block) || written < 100) written++;
    source.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(source.isPaused()).toBe(true);
    expect(stdout.readableLength).toBeLessThan(2 * stdout.readableHighWaterMark + block.length);
    expect(await text(stdout)).toHaveLength((written + 1) * 16 * 1024);
  });

  test("a reader that left holds nobody up", async () => {
    const source = new PassThrough();
    const { stdout, stderr } = demultiplex(source);
    source.write(frame(1, Buffer.alloc(200_000)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(source.isPaused()).toBe(true);
    stdout.destroy();
    source.write(frame(1, Buffer.alloc(200_000)));
    source.end(frame(2, "after"));
    expect(await text(stderr)).toBe("after");
  });

  test.each([
    [
      "an unknown type",
      Buffer.from([4, 0, 0, 0, 0, 0, 0, 1, 65]),
      "`0400000000000001` is no header",
    ],
    ["the raw output of a TTY", Buffer.from("hello world"), "Has the container a TTY?"],
    ["an error of the daemon that is too long", frame(3, Buffer.alloc(5000)), "is no header"],
    ["an end inside of a header", Buffer.from([1, 0, 0]), "in the middle of its output"],
    ["an end inside of a frame", frame(1, "hello").subarray(0, 10), "in the middle of its output"],
    ["the daemon's own error", frame(3, "log driver failed"), "log driver failed"],
  ])("%s fails both", async (_what, bytes, message) => {
    const source = new PassThrough();
    const { stdout, stderr } = demultiplex(source);
    const failures = Promise.all([failureOf(stdout), failureOf(stderr)]);
    source.write(frame(2, "before"));
    source.end(bytes);
    for (const error of await failures) expect(error.message).toContain(message);
    expect(source.destroyed).toBe(true);
  });

  test("the daemon's error is an EngineError", async () => {
    const source = new PassThrough();
    const { stdout, stderr } = demultiplex(source);
    const failed = Promise.all([failureOf(stdout), failureOf(stderr)]);
    const bytes = frame(3, "no space left");
    source.write(bytes.subarray(0, 12));
    source.end(bytes.subarray(12));
    expect((await failed)[0]).toMatchObject({ name: "EngineError", status: 200 });
  });

  test("an error of the connection fails both, one after its end nobody", async () => {
    const broken = new PassThrough();
    const outputs = demultiplex(broken);
    const failures = Promise.all([failureOf(outputs.stdout), failureOf(outputs.stderr)]);
    broken.destroy(new Error("reset"));
    for (const error of await failures) expect(error.message).toBe("reset");

    const ended = new PassThrough();
    const read = demultiplex(ended);
    ended.end(frame(1, "all"));
    await once(ended, "end");
    ended.destroy(new Error("EPIPE of stdin"));
    expect(await readAll(read)).toEqual(["all", ""]);
  });

  test("a connection that its owner destroys ends both, not as if they were complete", async () => {
    const source = new PassThrough();
    const { stdout, stderr } = demultiplex(source);
    const failures = Promise.all([failureOf(stdout), failureOf(stderr)]);
    source.destroy();
    for (const error of await failures) expect(error.message).toBe("Premature close");
  });
});
