import { expect, test } from "vitest";
import { askForChoice } from "./ask-changes.ts";

function ask(keys: readonly string[], isDelicate = false) {
  const left = [...keys];
  let text = "";
  const keyboard = {
    next: () => Promise.resolve(left.shift()),
    [Symbol.dispose]: () => undefined,
  };
  const write = (more: string): void => void (text += more);
  const show = (): void => write("<all>");
  return askForChoice(keyboard, write, { show, isDelicate }).then((choice) => ({ choice, text }));
}

test.each([
  [["a"], "apply"],
  [["A"], "applyAll"],
  [["k"], "keep"],
  [["d"], "discard"],
  [["\r", "\n", " ", "x", "D", "\x1b", "d"], "discard"],
  [[], "keep"],
  [["\r"], "keep"],
])("%j means %s", async (keys, expected) => {
  expect((await ask(keys)).choice).toBe(expected);
});

test("v shows all, and asks again", async () => {
  const { choice, text } = await ask(["v", "a"]);
  expect(choice).toBe("apply");
  expect(text.split("glovebox: ")).toHaveLength(3);
  expect(text).toContain("<all>");
});

test("says where one key would leave something out", async () => {
  expect((await ask(["k"], true)).text).toContain("[A]pply all");
  expect((await ask(["k"], false)).text).not.toContain("[A]pply all");
});
