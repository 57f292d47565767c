import { describe, expect, test } from "vitest";
import { maxSkippedPaths } from "../core/collected.ts";
import { collectRecords, readCollected } from "./collect.ts";

const bounds = { maxFiles: 3, maxBytes: 10 };

function frame(kind: string, ...parts: readonly (string | Buffer)[]): Buffer {
  const value = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const header = Buffer.alloc(5, kind);
  header.writeUInt32LE(value.length, 1);
  return Buffer.concat([header, value]);
}

const fileFrames = (path: string | Buffer, ...pieces: readonly string[]): readonly Buffer[] => [
  frame("f", "-", path),
  ...pieces.map((piece) => frame("c", piece)),
  frame("e", "-"),
];

const end = frame(".", "-");

function read(frames: readonly Buffer[], chunkBytes = Infinity) {
  const bytes = Buffer.concat(frames);
  const reader = readCollected(bounds);
  const step = Math.min(chunkBytes, Math.max(bytes.length, 1));
  for (let at = 0; at < bytes.length; at += step) reader.take(bytes.subarray(at, at + step));
  return reader.finish();
}

const whole: readonly Buffer[] = [
  ...fileFrames("b/c", "one", "two"),
  frame("s", "l", "link"),
  frame("f", "x", "a"),
  frame("e", "-"),
  frame("s", "t", "large"),
  frame(".", "c"),
];

describe("readCollected", () => {
  test.each([1, 2, 7, 64, Infinity])("reads frames that come in chunks of %d bytes", (size) => {
    expect(read(whole, size)).toEqual({
      files: [
        { path: "a", content: Buffer.alloc(0), executable: true },
        { path: "b/c", content: Buffer.from("onetwo"), executable: false },
      ],
      skipped: [
        { path: "link", reason: "link" },
        { path: "large", reason: "tooLarge" },
      ],
      isComplete: false,
    });
  });

  test("takes back a file that could not be read to its end", () => {
    const frames = [frame("f", "-", "a"), frame("c", "half"), frame("e", "u"), end];
    const skipped = [{ path: "a", reason: "unreadable" }];
    expect(read(frames)).toEqual({ files: [], skipped, isComplete: true });
  });

  test.each<[string, string | Buffer]>([
    ["that climbs", "../../etc/passwd"],
    ["that is absolute", "/etc/passwd"],
    ["with an empty part", "a//b"],
    ["that is empty", ""],
    ["with a NUL", "a\0b"],
    ["with a newline", "a\nb"],
    ["that is not UTF-8", Buffer.from([0x61, 0xff])],
    ["that is overlong UTF-8", Buffer.from([0xc0, 0xaf])],
    ["that is too long", "x/".repeat(512) + "x"],
    ["that is too deep", "x/".repeat(32) + "x"],
  ])("gives on no file with a path %s", (_what, path) => {
    const { files, skipped } = read([...fileFrames(path, "x"), end]);
    expect(files).toEqual([]);
    expect(skipped).toMatchObject([{ reason: "name" }]);
    expect(skipped[0]?.path).not.toMatch(/\p{Cc}/u);
  });

  test("gives on one thing a place", () => {
    const twice = read([...fileFrames("a", "1"), ...fileFrames("a", "2"), end]);
    expect(twice.files.map(({ content }) => content.toString())).toEqual(["1"]);
    const below = read([...fileFrames("a", "1"), ...fileFrames("a/b", "2"), end]);
    expect(below.files.map(({ path }) => path)).toEqual(["a"]);
    const above = read([...fileFrames("a/b/c"), ...fileFrames("a/b"), ...fileFrames("a"), end]);
    expect(above.files.map(({ path }) => path)).toEqual(["a/b/c"]);
  });

  test("keeps a bounded list of what was skipped", () => {
    const frames = Array.from({ length: maxSkippedPaths + 5 }, () => frame("s", "s", "pipe"));
    expect(read([...frames, end]).skipped).toHaveLength(maxSkippedPaths);
  });

  test.each<[string, readonly Buffer[]]>([
    ["nothing", []],
    ["no end", whole.slice(0, -1)],
    ["an end inside of a file", [frame("f", "-", "a"), end]],
    ["half a frame behind the end", [end, Buffer.from("f")]],
    ["a frame behind the end", [end, end]],
    ["a file inside of a file", [frame("f", "-", "a"), frame("f", "-", "b")]],
    ["content outside of a file", [frame("c", "x"), end]],
    ["the end of no file", [frame("e", "-"), end]],
    ["more files than asked for", [...["a", "b", "c", "d"].flatMap((it) => fileFrames(it)), end]],
    ["more bytes than asked for", [...fileFrames("a", "12345"), ...fileFrames("b", "678901"), end]],
    ["an unknown kind", [frame("z", "-", "a"), end]],
    ["an unknown kind of file", [frame("f", "s", "a"), frame("e", "-"), end]],
    ["an unknown reason", [frame("s", "?", "a"), end]],
    ["a reason that objects have", [frame("s", "constructor"), end]],
    ["an unknown end", [frame(".", "?")]],
    ["frames without a value", [frame("f"), frame("e"), frame(".")]],
    ["a frame of 4 GiB", [Buffer.from([0x66, 0xff, 0xff, 0xff, 0xff]), end]],
    ["a status line", [Buffer.from("exit code=0 signal=0 limit=none\n")]],
  ])("refuses %s", (_what, frames) => {
    expect(() => read(frames)).toThrow();
    expect(() => read(frames, 1)).toThrow();
  });

  test("survives random damage: an error, or no more than was asked for", () => {
    const bytes = Buffer.concat(whole);
    for (let at = 0; at < bytes.length; at++) {
      expect(() => read([bytes.subarray(0, at)])).toThrow();
      for (const value of [0, 1, 0x2d, 0x2f, 0x63, 0x7f, 0xff]) {
        const damaged = Buffer.from(bytes);
        damaged[at] = value;
        let collected;
        try {
          collected = read([damaged]);
        } catch {
          continue;
        }
        expect(collected.files.length).toBeLessThanOrEqual(bounds.maxFiles);
      }
    }
  });
});

describe("collectRecords", () => {
  test("asks for each path once, and for none that lies in another", () => {
    const paths = ["a/b", "c", "a", "c", "a/b/c", "ab"];
    expect(collectRecords({ paths, ...bounds })).toEqual([
      ["collect", ["3", "10"]],
      ["path", "c"],
      ["path", "a"],
      ["path", "ab"],
    ]);
  });

  test.each([["/a"], [".."], ["a/../b"], ["./a"], [""], ["a\nb"]])(
    "refuses the path %j",
    (path) => {
      const asking = () => collectRecords({ paths: [path], ...bounds });
      expect(asking).toThrow(expect.objectContaining({ code: "INVALID_REQUEST" }) as Error);
    },
  );

  test("refuses too many paths", () => {
    const paths = Array.from({ length: 1001 }, (_, index) => `${index}`);
    expect(() => collectRecords({ paths, ...bounds })).toThrow(/more than 1000/);
  });
});
