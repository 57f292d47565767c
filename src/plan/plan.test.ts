import validate from "asl-validator";
import { describe, expect, test } from "vitest";
import type { Json, Machine } from "./asl.ts";
import { compilePlan } from "./compile.ts";
import { interpret, type MachineEnd } from "./interpret.ts";
import { toMermaid } from "./mermaid.ts";
import { parsePlan } from "./parse.ts";

const compile = (line: string): Machine =>
  compilePlan(parsePlan(line), {
    functionArn: "arn:aws:lambda:us-east-1:123456789012:function:glovebox-x:1",
    wallTimeMs: 1000,
  });

/** Commands of these tests: what each does with its stdin, and which ran. */
async function run(line: string, input: Json = ""): Promise<{ end: MachineEnd; ran: string[] }> {
  const ran: string[] = [];
  const programs: Record<string, (stdin: Json, args: readonly string[]) => [number, Json]> = {
    echo: (_, args) => [0, args.join(" ")],
    json: (_, args) => [0, JSON.parse(args[0] ?? "") as Json],
    cat: (stdin) => [0, stdin],
    double: (stdin) => [0, Number(stdin) * 2],
    no: () => [1, "no"],
  };
  const end = await interpret(
    compile(line),
    input,
    {
      onState: () => undefined,
      runTask: ({ argv, stdin = null }) => {
        const [name = "", ...args] = argv as readonly string[];
        ran.push(name);
        const [exitCode, stdout] = programs[name]?.(stdin, args) ?? [127, ""];
        return Promise.resolve({ exit_code: exitCode, stdout });
      },
    },
    new AbortController().signal,
  );
  return { end, ran };
}

const succeeded = (output: Json): MachineEnd => ({ status: "succeeded", output });

describe("a plan", () => {
  test.each<[line: string, input: Json, output: Json, ran: readonly string[]]>([
    ["echo a b", "", "a b", ["echo"]],
    ["cat | cat", "given", "given", ["cat", "cat"]],
    ["echo a && echo b", "", "b", ["echo", "echo"]],
    ["no && echo b || echo c", "", "c", ["no", "echo"]],
    ["echo a || echo b && cat", "in", "in", ["echo", "cat"]],
    ["no | cat", "", "no", ["no", "cat"]],
    ["echo a | .sleep 0 | cat", "", "a", ["echo", "cat"]],
    ["json '[1,2,3]' | .foreach | double", "", [2, 4, 6], ["json", "double", "double", "double"]],
    ["cat | .foreach | .filter '. >= 2' | double", [1, 2, 3], [4, 6], ["cat", "double", "double"]],
    [
      "cat | .foreach | .filter '.a.b == \"x\"'",
      [{ a: { b: "x" } }, { a: 1 }, null],
      [{ a: { b: "x" } }],
      ["cat"],
    ],
    ["cat | .foreach | .filter '.a != 1'", [{ a: 1 }, { a: 2 }, {}, 5], [{ a: 2 }], ["cat"]],
    [
      "cat | .foreach | cat | .foreach | .filter '. > 1'",
      [[1, 2], [3]],
      [[2], [3]],
      ["cat", "cat", "cat"],
    ],
    ["cat | .filter .done | echo yes", { done: true }, "yes", ["cat", "echo"]],
    ["cat | .filter .done | echo yes", { done: false }, null, ["cat"]],
    [
      "cat | .foreach | .foreach | double",
      [[1], [2, 3]],
      [[2], [4, 6]],
      ["cat", "double", "double", "double"],
    ],
  ])("%s of %j is %j", async (line, input, output, ran) => {
    expect(validate(compile(line))).toMatchObject({ isValid: true });
    expect(await run(line, input)).toEqual({ end: succeeded(output), ran });
  });

  test("fails with its last command, also in an item", async () => {
    for (const line of ["no", "echo a && no", "json '[1]' | .foreach | no"]) {
      expect((await run(line)).end).toMatchObject({ status: "failed", error: "ExitCode" });
    }
  });

  test("has a list for foreach, or says so", async () => {
    await expect(run("echo a | .foreach | cat")).rejects.toThrow(/something else than a list/);
  });

  test("waits longer than a timer of Node can", async () => {
    const signal = AbortSignal.timeout(100);
    const interpreter = {
      onState: () => undefined,
      runTask: () => Promise.reject(new Error("there is no command")),
    };
    const end = interpret(compile(".sleep 3000000"), "", interpreter, signal);
    await expect(end).rejects.toThrow(/aborted/);
  });

  test("has a schedule", () => {
    const plan = parsePlan("@cron '0 8 * * ? *' | echo a");
    expect(plan).toMatchObject({
      schedule: "cron(0 8 * * ? *)",
      pipelines: [{ stages: [{ argv: ["echo", "a"] }] }],
    });
  });

  test("has names that Step Functions takes, also of long and odd words", () => {
    const machine = compile(`echo '${'é"<x>'.repeat(100)}' | cat`);
    expect(validate(machine)).toMatchObject({ isValid: true });
    for (const name of Object.keys(machine.States)) expect(name).toMatch(/^[ -~]{1,80}$/);
  });

  test("is a picture", () => {
    expect(toMermaid(compile("cat | .foreach | double && echo a"))).toMatchInlineSnapshot(`
      "flowchart TD
        sbegin(( )) --> s0
        s0("Start")
        s0 --> s1
        s1["1 cat"]
        s1 --> s2
        s2("2 .foreach")
        subgraph s2_each [for each item]
          s2_begin(( )) --> s2_0
          s2_0["3 double"]
          s2_0 --> s2_1
          s2_1{"Item ended 2"}
          s2_1 -->|exit code 0| s2_2
          s2_1 -->|else| s2_3
          s2_2("Item kept 2")
          s2_3("Item failed 2")
        end
        s2 -.-> s2_each
        s2 --> s4
        s3["4 echo a"]
        s3 --> s5
        s4{"And or 1"}
        s4 -->|exit code 0| s3
        s4 -->|else| s5
        s5{"Ended"}
        s5 -->|exit code 0| s6
        s5 -->|else| s7
        s6("Done")
        s7("Failed")
      "
    `);
  });
});

describe("what has no state is refused, and named", () => {
  test.each([
    ["", /no command/],
    ["a |", /can't be read at character 4: expected command/],
    ["a 'b", /can't be read/],
    ["a; b", /several commands/],
    ["a &", /`&`/],
    ["a > out", /redirections/],
    ["X=1 a", /variables/],
    ["a $X", /`\$X` would be expanded/],
    ["a $(b)", /would be expanded/],
    ["a *.txt", /`\*\.txt` would be expanded/],
    ["a ~/x", /would be expanded/],
    ["a {1,2}", /would be expanded/],
    ["for i in a; do b; done", /loops/],
    ["(a)", /loops/],
    ["a | { b; }", /loops/],
    ["! a", /`!`/],
    ["a |& b", /\|&/],
    [".sleep", /whole number of seconds/],
    [".sleep -1", /whole number/],
    [".foreach x", /no arguments/],
    [".filter", /is not understood/],
    [".filter '.a > {}'", /is not understood/],
    [".filter 'a()'", /is not understood/],
    [".unknown", /`\.unknown` is not known/],
    ["@cron '* * *' | a", /six fields/],
    ["@cron '0 8 * * ? *'", /nothing follows/],
    ["a | @cron '0 8 * * ? *'", /only be the first/],
    ["a".repeat(20_000), /characters/],
  ])("%s", (line, message) => {
    expect(() => compile(line)).toThrow(message);
  });
});
