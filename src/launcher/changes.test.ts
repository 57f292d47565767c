import fc from "fast-check";
import { expect, test } from "vitest";
import { isBytePath, type CopiedThing } from "../core/changes.ts";
import { changesReader } from "./changes.ts";

function frame(kind: string, ...parts: (string | number[])[]): Buffer {
  const bytes = Buffer.concat(
    parts.map((part) =>
      typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part),
    ),
  );
  const header = Buffer.alloc(5);
  header.write(kind, "latin1");
  header.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([header, bytes]);
}

const mode = [0xa4, 0x01]; // 0644
const top = frame("d", "-", [0xed, 0x01]);
const end = frame(".", "-");

function read(frames: readonly Buffer[], maxBytes = 100) {
  const things: (CopiedThing | string)[] = [];
  const reader = changesReader({
    maxBytes,
    sink: {
      take: (thing) => things.push(thing),
      takeContent: (bytes) => things.push(bytes.toString()),
      endFile: (state) => things.push(state),
    },
  });
  // Frames may come in any pieces.
  for (const byte of Buffer.concat(frames)) reader.take(Buffer.from([byte]));
  return { things, isComplete: reader.finish() };
}

test("reads all kinds", () => {
  const { things, isComplete } = read([
    top,
    frame("f", "-", mode, "a"),
    frame("c", "con"),
    frame("c", "tent"),
    frame("e", "-"),
    frame("d", "o", [0xff, 0xff], "dir"),
    frame("l", "-", "dir/link\0target"),
    frame("w", "-", "dir/gone"),
    frame("s", "s", "dir/pipe"),
    frame("s", "u", "dir"),
    frame(".", "c"),
  ]);
  expect(isComplete).toBe(false);
  expect(things).toEqual([
    { kind: "folder", path: "", mode: 0o755, isFresh: false },
    { kind: "file", path: "a", mode: 0o644 },
    ...["con", "tent", "whole"],
    // Nothing but permissions comes out of a mode.
    { kind: "folder", path: "dir", mode: 0o777, isFresh: true },
    { kind: "link", path: "dir/link", target: "target" },
    { kind: "gone", path: "dir/gone" },
    { kind: "leftOut", path: "dir/pipe", reason: "special" },
    { kind: "leftOut", path: "dir", reason: "unreadable" },
  ]);
});

test.each<[string, readonly Buffer[]]>([
  ["without the folder itself", [frame("f", "-", mode, "a"), frame("e", "-"), end]],
  ["that begin with a file", [frame("f", "-", mode, ""), frame("e", "-"), end]],
  ["without an end", [top]],
  ["that go on behind their end", [top, end, end]],
  ["that end inside of a file", [top, frame("f", "-", mode, "a"), end]],
  ["with ..", [top, frame("w", "-", ".."), end]],
  ["with an absolute path", [top, frame("w", "-", "/etc"), end]],
  ["with a NUL", [top, frame("w", "-", "a\0b"), end]],
  ["below what is no folder", [top, frame("l", "-", "a\0/etc"), frame("w", "-", "a/b"), end]],
  ["below what did not come", [top, frame("w", "-", "a/b"), end]],
  ["of a name twice", [top, frame("w", "-", "a"), frame("l", "-", "a\0x"), end]],
  ["with too many bytes", [top, frame("f", "-", mode, "a"), frame("c", "x".repeat(101)), end]],
  ["with an unknown word", [top, frame("d", "?", mode, "a"), end]],
  ["with a link to nowhere", [top, frame("l", "-", "a\0"), end]],
])("refuses frames %s", (_, frames) => {
  expect(() => read(frames)).toThrow();
});

test("no path that it takes leads out of the folder", () => {
  const part = fc.constantFrom("a", "..", ".", "", "/", "\0", "b");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const path = parts.join("/");
      const isTaken = isBytePath(path);
      if (isTaken && path !== "") expect(path).toMatch(/^[ab](\/[ab])*$/);
    }),
  );
});
