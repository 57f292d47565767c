import { expect, test } from "vitest";
import { splitWords } from "./split-words.ts";

test.each<[string, readonly string[] | undefined]>([
  ["", []],
  ["  one  two ", ["one", "two"]],
  [`"two words" 'and "these"'`, ["two words", 'and "these"']],
  [`a"b c"d`, ["ab cd"]],
  [`"" ''`, ["", ""]],
  [`\\" a\\ b '\\'`, ['"', "a b", "\\"]],
  ["$HOME *", ["$HOME", "*"]],
  [`"open`, undefined],
])("%j is %j", (line, words) => {
  expect(splitWords(line)).toEqual(words);
});
