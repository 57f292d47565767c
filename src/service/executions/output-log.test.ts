import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cursorStart, formatCursor, OutputLog, parseCursor, type Cursor } from "./output-log.ts";

type Write = readonly [phase: "compile" | "run", stream: "stdout" | "stderr", text: string];

const writes = fc.array(
  fc.tuple(
    fc.constantFrom("compile" as const, "run" as const),
    fc.constantFrom("stdout" as const, "stderr" as const),
    fc.string({ minLength: 1, maxLength: 20 }),
  ),
  { maxLength: 40 },
);

function logOf(list: readonly Write[]): OutputLog {
  const log = new OutputLog();
  for (const [phase, stream, text] of list) log.add(phase, stream, Buffer.from(text));
  return log;
}

function readAll(log: OutputLog, from: Cursor, maxBytes: number): readonly [string, string][] {
  const reader = log.reader(from);
  const read: [string, string][] = [];
  for (let piece = reader.next(maxBytes); piece !== undefined; piece = reader.next(maxBytes)) {
    for (const byte of piece.bytes) read.push([`${piece.phase} ${piece.stream}`, String(byte)]);
  }
  return read;
}

const inOrder = (list: readonly Write[]): readonly [string, string][] =>
  list.flatMap(([phase, stream, text]) =>
    [...Buffer.from(text)].map((byte): [string, string] => [`${phase} ${stream}`, String(byte)]),
  );

describe("output log", () => {
  test("hands out all bytes in the order in which they came, in pieces of any size", () => {
    fc.assert(
      fc.property(writes, fc.integer({ min: 1, max: 50 }), (list, maxBytes) => {
        expect(readAll(logOf(list), cursorStart, maxBytes)).toEqual(inOrder(list));
      }),
    );
  });

  test("goes on behind any cursor without losing or repeating a byte", () => {
    fc.assert(
      fc.property(
        writes,
        fc.nat({ max: 60 }),
        fc.integer({ min: 1, max: 9 }),
        (list, stop, size) => {
          const log = logOf(list);
          const reader = log.reader();
          let cursor = cursorStart;
          let count = 0;
          for (let at = 0; at < stop; at++) {
            const piece = reader.next(size);
            if (piece === undefined) break;
            ({ cursor } = piece);
            count += piece.bytes.byteLength;
          }
          const again = parseCursor(formatCursor(cursor)) ?? cursorStart;
          expect(readAll(log, again, 1000)).toEqual(inOrder(list).slice(count));
        },
      ),
    );
  });

  test("cuts no character where more may come, and loses none", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 12 });
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 5 }), (out, err, size) => {
        const log = new OutputLog();
        const reader = log.reader(cursorStart, "characters");
        const rest = { stdout: Buffer.from(out), stderr: Buffer.from(err) };
        const read = { stdout: "", stderr: "" };
        const drain = (): void => {
          for (let piece = reader.next(4); piece !== undefined; piece = reader.next(4)) {
            read[piece.stream] += piece.bytes.toString();
          }
        };
        while (rest.stdout.byteLength + rest.stderr.byteLength > 0) {
          for (const stream of ["stdout", "stderr"] as const) {
            log.add("run", stream, rest[stream].subarray(0, size));
            rest[stream] = rest[stream].subarray(size);
            drain();
          }
        }
        log.end();
        drain();
        expect(read).toEqual({ stdout: out, stderr: err });
      }),
    );
  });

  test("is the same after it was kept", () => {
    fc.assert(
      fc.property(writes, (list) => {
        const log = logOf(list);
        const output = { compile: log.output("compile"), run: log.output("run") };
        const kept = OutputLog.of(output, log.segments());
        expect(readAll(kept, cursorStart, 1000)).toEqual(inOrder(list));
        expect(kept.hasEnded).toBe(true);
      }),
    );
  });

  test("a reader that is at the end finds what comes later", () => {
    const log = logOf([["run", "stdout", "a"]]);
    const reader = log.reader();
    expect(reader.next(10)?.bytes.toString()).toBe("a");
    expect(reader.next(10)).toBeUndefined();
    log.add("run", "stdout", Buffer.from("b"));
    log.add("run", "stderr", Buffer.from("c"));
    expect(reader.next(10)).toMatchObject({ stream: "stdout", offset: 1 });
    expect(reader.next(10)).toMatchObject({ stream: "stderr", offset: 0, cursor: [0, 0, 2, 1] });
  });

  test("changing streams a hundred thousand times loses no byte, and order only across streams", () => {
    const log = new OutputLog();
    for (let at = 0; at < 100_000; at++) {
      log.add("run", at % 2 === 0 ? "stdout" : "stderr", Buffer.from([at % 251]));
    }
    const { stdout, stderr, output } = log.output("run");
    expect([stdout.byteLength, stderr.byteLength, output.byteLength]).toEqual([
      50_000, 50_000, 100_000,
    ]);
    expect(log.segments().byteLength).toBe(65_536 * 4);
    const kept = OutputLog.of(
      { compile: log.output("compile"), run: log.output("run") },
      log.segments(),
    );
    expect(kept.output("run").output.equals(output)).toBe(true);
  });

  test.each(["", "1", "1.2.3", "1.2.3.4.5", "-1.0.0.0", "a.0.0.0", "1.2.3.99999999999"])(
    "%j is no cursor",
    (text) => {
      expect(parseCursor(text)).toBeUndefined();
    },
  );
});
