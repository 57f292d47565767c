import { expect, test } from "vitest";
import { fromFragment, toFragment } from "./program-fragment.ts";

const mainFile = (language: string): string => (language === "python" ? "main.py" : "main");

test("a program goes into an address and comes out of it", () => {
  const code = 'print("zwölf ⟨&#?/+⟩")\n';
  const fragment = toFragment({ language: "python", code, stdin: "in", args: ["a b"] });
  expect(fragment).toMatch(/^program=[\w-]+$/);
  expect(fromFragment(`#${fragment}`, mainFile)).toMatchObject({
    language: "python",
    files: [{ path: "main.py", content: code }],
    stdin: "in",
    args: ["a b"],
    network: "none",
  });
});

test.each([
  "",
  "#",
  "#program=",
  "#program=!!!",
  "#program=bnVsbA",
  `#program=${btoa("[1]")}`,
  "#x=1",
])("%j has none", (fragment) => {
  expect(fromFragment(fragment, mainFile)).toBeUndefined();
});

test("one that has other types, or is too long, is none", () => {
  const wrong = { language: "python", code: 7 } as never;
  expect(fromFragment(`#${toFragment(wrong)}`, mainFile)).toBeUndefined();
  const long = { language: "python", code: "x".repeat(70_000) };
  expect(fromFragment(`#${toFragment(long)}`, mainFile)).toBeUndefined();
});
