import { expect, test } from "vitest";
import { splitWords } from "./split-words.ts";

test.each<[string, readonly string[]]>([
  ["", []],
  ["  \t\n ", []],
  ["one two\tthree\nfour", ["one", "two", "three", "four"]],
  ["'single $HOME \"x\"'", ['single $HOME "x"']],
  ['"double \\" \\\\ \\n $HOME"', ['double " \\ \\n $HOME']],
  ["a'b'\"c\"\\ d", ["abc d"]],
  ["'' \"\"", ["", ""]],
  ["$(rm -rf /) ; `id` | x > y & *", "$(rm -rf /) ; `id` | x > y & *".split(" ")],
  ["a\\\nb # c", ["ab", "#", "c"]],
])("%j", (text, words) => {
  expect(splitWords(text)).toEqual({ ok: true, words });
});

test.each(["'a", '"a', "a\\", '"a\\"'])("%j has no end", (text) => {
  expect(splitWords(text)).toMatchObject({ ok: false });
});
