import { expect, test } from "vitest";
import { classify } from "./classify.ts";

const bytes = (text: string): Uint8Array =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));
const png = (width: number, height: number): Uint8Array => {
  const head = bytes(`\x89PNG\r\n\x1a\n\0\0\0\rIHDR${"\0".repeat(30)}`);
  const view = new DataView(head.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return head;
};

test.each<[string, string, string]>([
  ["a.html", "<p>hello", "page"],
  ["a.HTM", "", "page"],
  ["report", " <!-- made by me --><!DOCTYPE html><title>", "page"],
  ["report", "<html lang=en>", "page"],
  ["a.csv", "a,b", "table"],
  ["a.tsv", "a\tb", "table"],
  [
    "a.svg",
    '<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "x">\n<!-- x -->\n<svg xmlns="x">',
    "drawing",
  ],
  ["a.txt", "<svg>", "drawing"],
  ["a.svg", "no picture", "text"],
  ["a.png", "no picture either", "text"],
  ["a.json", '{"a": 1}', "text"],
  ["a.xml", "<?xml version='1.0'?><table/>", "text"],
  ["a.bin", "\0\x01", "bytes"],
  ["a.html", "\xff\xfe", "bytes"],
  ["", "", "text"],
])("%j with %j is shown as %s", (path, content, kind) => {
  expect(classify(path, bytes(content)).kind).toBe(kind);
});

test("a picture is one by its bytes, whatever its name", () => {
  expect(classify("a.html", png(10, 10))).toEqual({
    ...{ kind: "picture", type: "image/png", isHuge: false },
  });
});

test("a small file of many pixels is not shown unasked", () => {
  expect(classify("a.png", png(30_000, 30_000))).toMatchObject({ isHuge: true });
});

test("a head of comments alone is read in no time", () => {
  expect(classify("a", bytes("<!---->".repeat(100_000))).kind).toBe("text");
});
