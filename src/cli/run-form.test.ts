import { describe, expect, test } from "vitest";
import { chooseRunForm, type RunForm } from "./run-form.ts";

interface Words {
  readonly argv: readonly string[];
  /** How many words at the end are operands. */
  readonly operands: number;
  readonly language?: string;
  readonly code?: string;
}

const choose = ({ argv, operands, language, code }: Words): RunForm =>
  chooseRunForm({ argv, operands: argv.slice(argv.length - operands), language, code });

describe("the form of a run", () => {
  test.each<[Words, RunForm]>([
    [
      { argv: ["run", "a.py"], operands: 1 },
      { kind: "file", file: "a.py", args: [] },
    ],
    [
      { argv: ["run", "--json", "a.py", "--json", "--", "-x"], operands: 4 },
      { kind: "file", file: "a.py", args: ["--json", "--", "-x"] },
    ],
    [
      { argv: ["run", "-l", "bash", "-", "x"], operands: 2, language: "bash" },
      { kind: "file", file: "-", args: ["x"] },
    ],
    [
      {
        argv: ["run", "-l", "python", "-c", "print()", "x"],
        operands: 1,
        language: "python",
        code: "print()",
      },
      { kind: "code", language: "python", code: "print()", args: ["x"] },
    ],
    [
      {
        argv: ["run", "-l", "python", "-c", "print()", "--", "-x"],
        operands: 1,
        language: "python",
        code: "print()",
      },
      { kind: "code", language: "python", code: "print()", args: ["-x"] },
    ],
    [
      { argv: ["run", "--", "ls", "-la"], operands: 2 },
      { kind: "command", argv: ["ls", "-la"] },
    ],
    [
      { argv: ["run", "--json", "--", "env", "--", "ls"], operands: 3 },
      { kind: "command", argv: ["env", "--", "ls"] },
    ],
  ])("of %j is %j", (words, expected) => {
    expect(choose(words)).toEqual(expected);
  });

  test.each<[Words, RegExp]>([
    [{ argv: ["run"], operands: 0 }, /nothing to run/],
    [{ argv: ["run", "--"], operands: 0 }, /no command after `--`/],
    [{ argv: ["run", "-"], operands: 1 }, /FILE: code from stdin .* Add `-l LANG`/],
    [{ argv: ["run", "-c", "1"], operands: 0, code: "1" }, /--code: needs its language/],
    [
      { argv: ["run", "-l", "c", "--", "ls"], operands: 1, language: "c" },
      /--language: `c` can't be used with `-- CMD`/,
    ],
  ])("of %j does not exist", (words, message) => {
    expect(() => choose(words)).toThrow(message);
  });
});
