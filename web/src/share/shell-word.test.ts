import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { shellWord, withoutKeys } from "./shell-word.ts";

const controls = Array.from({ length: 0x9f }, (_, code) => String.fromCharCode(code + 1)).join("");

test.each([
  "",
  "plain-1.0",
  'it\'s $HOME `id` \\ "x"\n\tnext!',
  `\x03\nid\n'\\1\x1b[201~7`,
  controls,
  "zwölf ⟨⟩ 🙂 \u202e",
])("bash reads %j as it was", (text) => {
  const command = `printf %s ${shellWord(text)}`;
  expect(execFileSync("bash", ["-c", command], { encoding: "utf8" })).toBe(text);
});

test("nothing in a word or in JSON is a key of a terminal", () => {
  // eslint-disable-next-line no-control-regex
  const keys = /[\0-\x08\x0b-\x1f\x7f-\x9f]/;
  expect(shellWord(controls)).not.toMatch(keys);
  const json = withoutKeys(JSON.stringify({ controls }));
  expect(json).not.toMatch(keys);
  expect(JSON.parse(json)).toEqual({ controls });
});
