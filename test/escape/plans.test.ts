/**
 * @module
 * Plans of lines that somebody else wrote, and data that commands print: words are words, here and in
 * the machine, and nobody's shell reads them.
 */
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { Machine } from "../../src/plan/asl.ts";
import { compilePlan } from "../../src/plan/compile.ts";
import { interpret } from "../../src/plan/interpret.ts";
import { toMermaid } from "../../src/plan/mermaid.ts";
import { parsePlan } from "../../src/plan/parse.ts";
import { glovebox, linuxGap } from "../e2e/cli-fixture.ts";
import { skipUnless } from "../helpers/require.ts";

const temporary = realpathSync(mkdtempSync(join(tmpdir(), "plans-test-")));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(temporary, "folder-"));
});
afterAll(() => {
  rmSync(temporary, { recursive: true, force: true });
});

const compiled = (line: string): Machine =>
  compilePlan(parsePlan(line), { functionArn: "arn:aws:lambda:f", wallTimeMs: 1000 });

/** The command lines of a machine, in the order of its states. */
const commandsOf = ({ States }: Machine): readonly unknown[] =>
  Object.values(States).flatMap((state) =>
    state.Type === "Task" ? [(state.Parameters["Payload"] as { argv: unknown }).argv] : [],
  );

const hostile = [
  "a;touch owned",
  "$(touch owned)",
  "`touch owned`",
  "a\ntouch owned",
  "\x1b]0;owned\x07",
  "${FunctionArn}",
  "$.last.output",
  "States.Format('{}')",
  "%%{init: {}}%%",
  "\u202egnp.exe",
  '"]; click s1 "javascript:alert(1)"',
] as const;

describe("a word", () => {
  const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

  test.each(hostile.map((word) => [word]))(
    "%j is one word of a command, and nothing else",
    (word) => {
      const machine = compiled(`${quoted(word)} ${quoted(word)} | cat`);
      expect(commandsOf(machine)).toEqual([[word, word], ["cat"]]);
      // What is filled in by Step Functions has a name that ends so.
      const [task] = Object.values(machine.States).filter(({ Type }) => Type === "Task");
      expect(JSON.stringify(task).match(/"[^"]*\.\$":/g)).toEqual([
        '"stdin.$":',
        '"exit_code.$":',
        '"output.$":',
      ]);
      for (const name of Object.keys(machine.States)) expect(name).toMatch(/^[ -~]{1,80}$/);
      // A label ends with its first quote.
      const shown =
        /^(flowchart TD| +s[\d]+[[{(]"[^"]*"[\]})]| +s\w+(\(\( \)\))? -->(\|[\w ]+\|)? s\d+)$/;
      for (const line of toMermaid(machine).trimEnd().split("\n")) expect(line).toMatch(shown);
    },
  );

  test.each([
    "$(touch owned)",
    "`touch owned`",
    '"$(touch owned)"',
    "a$HOME",
    "<(touch owned)",
    "a > owned",
    "a 2>&1",
    "~/x",
    "*",
    "x=1 a",
    "a; touch owned",
    "a & touch owned",
    "(touch owned)",
    "{ touch owned; }",
    "f() { touch owned; }",
    "! a",
    "[[ a ]]",
    "if a; then touch owned; fi",
  ])("%j, which a shell would do something with, is refused", (line) => {
    expect(() => parsePlan(line)).toThrow(/PLAN/);
  });
});

const noRun = {
  runTask: () => Promise.reject(new Error("nothing runs in it")),
  onState: () => undefined,
} as const;

describe("data", () => {
  const end = (line: string, input: Parameters<typeof interpret>[1]) =>
    interpret(compiled(line), input, noRun, new AbortController().signal);

  test.each([[".__proto__"], ['.constructor.name == "Object"'], [".length == 2"], [".toString"]])(
    "%s is what a value has itself, and not what JavaScript gives it",
    async (expression) => {
      expect(await end(`.filter '${expression}' | .sleep 0`, {})).toMatchObject({ output: null });
      expect(await end(`.filter '${expression}' | .sleep 0`, [1, 2])).toMatchObject({
        output: null,
      });
    },
  );

  test("that is named as parts of a machine are is data", async () => {
    const input = JSON.parse(
      '[{"__proto__": {"kept": true}, "x.$": "$$.Execution.Input", "kept": false}]',
    ) as never;
    const ended = await end(".foreach | .sleep 0", input);
    expect(JSON.stringify(ended)).toBe(JSON.stringify({ status: "succeeded", output: input }));
  });
});

const gap = skipUnless("linux", linuxGap());

describe.skipIf(gap !== undefined)("run here", () => {
  const plan = (line: string, ...words: readonly string[]) =>
    glovebox(["plan", "--run", "-q", ...words, line], { cwd: folder });

  test("no word is read by a shell, outside or inside", async () => {
    const words = hostile.slice(0, 5).map((word) => `'${word}'`);
    const { exitCode, stdout } = await plan(`printf '%s\\0' ${words.join(" ")}`);
    expect([exitCode, stdout]).toEqual([0, `${hostile.slice(0, 5).join("\0")}\0`]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a list that is too deep to be written again is a text", async () => {
    writeFileSync(
      join(folder, "deep.sh"),
      "head -c 50000 /dev/zero | tr '\\0' '['; head -c 50000 /dev/zero | tr '\\0' ']'\n",
    );
    const { exitCode, stdout, stderr } = await plan("sh deep.sh | wc -c");
    expect([exitCode, stdout.trim(), stderr]).toEqual([0, "100000", ""]);
  });

  test("as in a function, where only Python could read it", async () => {
    const { exitCode, stdout, stderr } = await glovebox(
      ["run", "--", "python3", "-c", inFunction],
      {
        cwd: join(import.meta.dirname, "../../native/lambda-runtime"),
      },
    );
    expect([exitCode, stderr]).toEqual([0, ""]);
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    expect(JSON.parse(stdout)).toEqual(["NaN", "[1e999]", deep, { a: 1 }, "\ufffd"]);
  });

  test("what is given can't draw on the terminal in our own words", async () => {
    const { stderr } = await glovebox(["plan", "--run", "'\x1b]0;owned\x07'"], { cwd: folder });
    expect(stderr).toMatch(
      /^glovebox: 1 +0 owned\nglovebox: cannot run \?\]0;owned\?: not found\n/,
    );
    // eslint-disable-next-line no-control-regex
    expect(stderr).not.toMatch(/[\x07\x1b]/);
  });
});

/** Commands that print values, run as in a plan's function. In a sandbox: it kills what it did not start. */
const inFunction = `
import json, os, sys
sys.dont_write_bytecode = True
os.environ["LAMBDA_TASK_ROOT"] = "/workspace"
sys.path.insert(0, "/workspace")
import bootstrap
def printed(text):
    return bootstrap.handle({
        "glovebox": 1, "text": True, "argv": ["sh", "-c", "cat; printf " + text[1] if text[1] else "cat"],
        "env": {"PATH": "/usr/bin:/bin"}, "cwd": "/workspace", "scratch": False, "stdin": text[0],
        "kill_on_output": False, "limits": {"wall_ms": 5000, "cpu_ms": None, "processes": 512,
            "file_bytes": 1 << 20, "open_files": 64, "output_bytes": 1 << 20, "total_bytes": 1 << 20}}, None)["stdout"]
deep = "[" * 100000 + "]" * 100000
values = [("NaN", ""), ("[1e999]", ""), (deep, ""), ('{"a":1}', ""), ("", "'\\\\377'")]
print(json.dumps([printed(value) for value in values]))
`;

test("a plan is not made of a home folder: all in it would go up", async () => {
  const home = join(folder, "home");
  mkdirSync(join(home, ".ssh"), { recursive: true });
  const { exitCode, stderr } = await glovebox(["plan", "--deploy", "true"], {
    cwd: home,
    env: { HOME: home, AWS_REGION: "us-east-1", AWS_ENDPOINT_URL: "http://127.0.0.1:9" },
  });
  expect(exitCode).toBe(2);
  expect(stderr).toContain("holds your home folder");
});
