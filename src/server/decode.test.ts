import { expect, test } from "vitest";
import { decodeText } from "./decode.ts";

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
