/**
 * @module
 * `glovebox plan`, as a user types it.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compilePlan } from "../../src/plan/compile.ts";
import { interpret, type TaskAnswer } from "../../src/plan/interpret.ts";
import { parsePlan } from "../../src/plan/parse.ts";
import { providerLoaders } from "../../src/providers/index.ts";
import { emulatedEnv, startLambdaEmulator } from "../helpers/lambda-emulator/emulator.ts";
import { glovebox, type CliResult } from "./cli-fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "glovebox-plan-test-"));
beforeAll(() => {
  chmodSync(folder, 0o755);
  writeFileSync(
    join(folder, "list.py"),
    '#!/usr/bin/env python3\nprint(\'[{"n": 1}, {"n": 2}]\')\n',
  );
  const shout = "#!/usr/bin/env python3\nimport json, sys\nprint(json.load(sys.stdin)['n'] * 10)\n";
  writeFileSync(join(folder, "times.py"), shout);
  for (const name of ["list.py", "times.py"]) chmodSync(join(folder, name), 0o755);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const line = "./list.py | .foreach | .filter '.n > 1' | ./times.py";
const plan = (words: readonly string[], stdin = ""): Promise<CliResult> =>
  glovebox(["plan", ...words], { cwd: folder, stdin });

test("is printed as JSON, or as a picture", async () => {
  const { exitCode, stdout } = await plan([line]);
  expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { Comment: line, StartAt: "Start" }]);
  expect((await plan(["--format", "mermaid", line])).stdout).toMatch(/^flowchart TD\n {2}sbegin/);
});

test("runs here, each command in a sandbox, and its steps are named", async () => {
  const { exitCode, stdout, stderr } = await plan(["--run", line]);
  expect([exitCode, stdout]).toEqual([0, "[20]\n"]);
  expect(stderr).toContain("glovebox: 1 ./list.py\n");
  expect(stderr).toContain("glovebox: 4 ./times.py\n");
});

test("is given stdin, and ends with 1 where its last command fails", async () => {
  expect((await plan(["--run", "-q", "cat | tr a-z A-Z"], "words\n")).stdout).toBe("WORDS\n");
  const failed = await plan(["--run", "-q", "true && false"]);
  expect([failed.exitCode, failed.stderr]).toEqual([1, expect.stringContaining("the plan failed")]);
});

test("a line that can't be read is an error with its place", async () => {
  const { exitCode, stderr } = await plan(["a |"]);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining("can't be read at character 4")]);
});

test("over Lambda, through the provider, and as the function of a state machine", async () => {
  const linux = await providerLoaders.linux();
  const emulator = await startLambdaEmulator(linux);
  try {
    const env = {
      ...emulatedEnv(emulator.url),
      XDG_STATE_HOME: mkdtempSync(join(folder, ".git-state-")),
    };
    const words = [
      "plan",
      "--run",
      "-q",
      "--provider",
      "lambda",
      "--network",
      "all",
      "echo hi | cat",
    ];
    const { stdout } = await glovebox(words, { cwd: folder, env });
    expect(stdout).toBe("hi\n");
    const [name = ""] = emulator.functions.keys();
    const machine = compilePlan(parsePlan(line), { functionArn: name, wallTimeMs: 5000 });
    const end = await interpret(
      machine,
      "",
      {
        onState: () => undefined,
        runTask: async (payload) => {
          const event = Buffer.from(JSON.stringify(payload));
          const invoked = await emulator.invoke(name, "", event);
          return JSON.parse(invoked.payload.toString()) as TaskAnswer;
        },
      },
      new AbortController().signal,
    );
    expect(end).toEqual({ status: "succeeded", output: [20] });
  } finally {
    await emulator[Symbol.asyncDispose]();
    await linux.close();
  }
});
