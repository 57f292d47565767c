import { expect, test } from "vitest";
import { decodeText, encodeBytes } from "./decode.ts";

test.each<[string, readonly number[]]>([
  ["", []],
  ["AA==", [0]],
  ["//8=", [255, 255]],
  ["aGkK", [104, 105, 10]],
])("base64 %j is read whole", (text, bytes) => {
  expect(decodeText(text, "base64")).toEqual({ ok: true, bytes: Buffer.from(bytes) });
});

test.each([
  "A",
  "AA",
  "AA=",
  "AA===",
  "AB==",
  "a GkK",
  "aGkK\n",
  "__8=",
  "=",
  "ü",
  "aGkK\0",
  "aA==aA==",
])("base64 %j is refused", (text) => {
  expect(decodeText(text, "base64").ok).toBe(false);
});

test("text with half a surrogate pair is refused, a whole pair is not", () => {
  expect(decodeText("a\ud83d", "utf8").ok).toBe(false);
  expect(decodeText("\ud83d\ude00", "utf8")).toEqual({ ok: true, bytes: Buffer.from("😀") });
});

test.each<[string, readonly number[], string, string]>([
  ["nothing", [], "", "utf8"],
  ["ASCII with control characters", [0, 27, 10], "\0\u001b\n", "utf8"],
  ["a byte order mark", [0xef, 0xbb, 0xbf, 0x61], "\ufeffa", "utf8"],
  ["a cut character", [0x61, 0xc3], "YcM=", "base64"],
  ["an overlong slash", [0xc0, 0xaf], "wK8=", "base64"],
  ["a surrogate in UTF-8", [0xed, 0xa0, 0x80], "7aCA", "base64"],
])("%s comes out so that every byte can be had back", (_name, bytes, text, encoding) => {
  const encoded = encodeBytes(Buffer.from(bytes));
  expect(encoded).toEqual({ text, encoding });
  expect([...Buffer.from(encoded.text, encoded.encoding)]).toEqual(bytes);
});
