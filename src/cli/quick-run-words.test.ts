import fc from "fast-check";
import { expect, test } from "vitest";
import { createRunCommand } from "./commands/run.ts";
import { quickFlags, readRunWords } from "./quick-run-words.ts";
import type { RawRunOptions } from "./run-options.ts";
import { stopAtCode } from "./stop-at-code.ts";

/** What the parser of all commands makes of the words; undefined where it refuses them. */
function readSlowly(words: readonly string[]) {
  const command = createRunCommand(["run", ...words], () => undefined)
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, outputError: () => undefined });
  let read: { raw: RawRunOptions; operands: readonly string[] } | undefined;
  command.action((operands: string[], raw: RawRunOptions) => {
    read = { raw, operands };
  });
  try {
    command.parse(stopAtCode(words, command.options), { from: "user" });
  } catch {
    return undefined;
  }
  return read;
}

test("knows the flags of the command, and what each of them takes", () => {
  const { options } = createRunCommand([], () => undefined);
  const all = options.flatMap((option) =>
    [option.short, option.long].flatMap((name) =>
      name === undefined ? [] : [[name, option.required] as const],
    ),
  );
  const known = [...quickFlags].map(
    ([name, { kind }]) => [name, kind === "value" || kind === "list"] as const,
  );
  expect(new Map(known)).toEqual(new Map(all));
});

const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...quickFlags.keys()) },
  { weight: 2, arbitrary: fc.constantFrom("a.py", "python", "A=1", "--", "-", "", "-x", "--zz") },
  fc.constantFrom("--env=A=1", "-lpython", "-qv", "--json=1", "--timeout=", "-h", "--help"),
  fc.string({ maxLength: 4 }),
);

test("reads what it reads as the parser of all commands does", () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (words) => {
      const quick = readRunWords(words);
      if (quick === undefined) return;
      const slow = readSlowly(words);
      const { compileCache = true, dependencies = true, ...raw } = quick.raw;
      expect({ operands: quick.operands, raw: { ...raw, compileCache, dependencies } }).toEqual({
        operands: slow?.operands,
        raw: { ...slow?.raw },
      });
    }),
    { numRuns: 2000 },
  );
});

test.each([
  [["hello.py", "--name", "Ada"], { operands: ["hello.py", "--name", "Ada"], raw: {} }],
  [
    ["-l", "python", "-c", "1", "--x"],
    { operands: ["--x"], raw: { language: "python", code: "1" } },
  ],
  [["--env", "A=1", "-e", "B", "--", "ls"], { operands: ["ls"], raw: { env: ["A=1", "B"] } }],
])("%j", (words, expected) => {
  expect(readRunWords(words)).toEqual(expected);
});

test.each([[["--help"]], [["-h"]], [["-qv"]], [["--timeout"]], [["--unknown", "a.py"]]])(
  "leaves %j to the parser of all commands",
  (words) => {
    expect(readRunWords(words)).toBeUndefined();
  },
);
