/**
 * @module
 * `glovebox run --provider lambda` and `glovebox lambda`, as a user types them, against the emulator.
 */
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Provider } from "../../src/core/provider.ts";
import { providerLoaders } from "../../src/providers/index.ts";
import { startLambdaEmulator, type LambdaEmulator } from "../helpers/lambda-emulator/emulator.ts";
import { wheel } from "../helpers/registries/packages.ts";
import { servePackages } from "../helpers/registries/serve.ts";
import { glovebox, program, type CliResult } from "./cli-fixture.ts";

let linux: Provider;
let emulator: LambdaEmulator;
let folder: string;
let env: Record<string, string | undefined>;
const temporary = mkdtempSync(join(tmpdir(), "glovebox-lambda-test-"));
beforeAll(async () => {
  linux = await providerLoaders.linux();
});
beforeEach(async () => {
  emulator = await startLambdaEmulator(linux);
  folder = mkdtempSync(join(temporary, "project-"));
  chmodSync(folder, 0o755);
  env = {
    AWS_ENDPOINT_URL: emulator.url,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "secret",
    XDG_STATE_HOME: mkdtempSync(join(temporary, "state-")),
  };
  return () => emulator[Symbol.asyncDispose]();
});
afterAll(async () => {
  await linux.close();
  rmSync(temporary, { recursive: true, force: true });
});

const run = (words: readonly string[], stdin = ""): Promise<CliResult> =>
  glovebox(["run", "--provider", "lambda", ...words], { cwd: folder, env, stdin });

const handler = `def lambda_handler(event, context):
    print("hello from Lambda")
    return event
`;

const startToReport =
  /^START RequestId: (\S+) Version: 1\nhello from Lambda\nEND RequestId: \1\nREPORT RequestId: \1\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: \d+ MB\tMax Memory Used: \d+ MB/;

test.each([
  ["a command", ["--", "./test.py"]],
  ["a file", ["./test.py"]],
])("a handler, as %s, prints START, END and REPORT, and its result", async (_what, words) => {
  writeFileSync(join(folder, "test.py"), handler);
  const { exitCode, stdout, stderr } = await run(["--network", "all", ...words], '{"a":1}');
  expect([exitCode, JSON.parse(stdout)]).toEqual([0, { a: 1 }]);
  expect(stderr).toMatch(startToReport);
});

test("a command's output is apart from Lambda's log, which --quiet leaves out", async () => {
  const words = ["--network", "all", "--", "sh", "-c", "cat; echo err >&2; exit 3"];
  const loud = await run(words, "typed\n");
  expect([loud.exitCode, loud.stdout]).toEqual([3, "typed\n"]);
  expect(loud.stderr).toMatch(/START RequestId[\s\S]*REPORT RequestId[\s\S]*err\n/);
  expect(await run(["-q", ...words], "typed\n")).toMatchObject({ exitCode: 3, stderr: "err\n" });
});

test("code runs in a function of its own, which is gone then", async () => {
  const { exitCode, stdout } = await run([
    "-q",
    "--network",
    "all",
    "-l",
    "python",
    "-c",
    "print(6 * 7)",
  ]);
  expect([exitCode, stdout, emulator.functions.size]).toEqual([0, "42\n", 0]);
});

test("without network it is refused, with the flag that helps", async () => {
  writeFileSync(join(folder, "test.py"), handler);
  const { exitCode, stderr } = await run(["--network", "none", "./test.py"]);
  expect(exitCode).toBe(125);
  expect(stderr).toMatch(/network \(a function can reach the internet; write --network all/);
  expect(emulator.calls).toEqual([]);
});

test("a report in JSON says what held", async () => {
  const { stdout } = await run(["--json", "--network", "all", "--", "true"]);
  expect(JSON.parse(stdout)).toMatchObject({
    run: { outcome: "exited" },
    enforcement: { cpu_time: { level: "weaker" } },
  });
});

test("its deploy is a step, with hooks around it, and changes nothing where all is as it was", async () => {
  writeFileSync(join(folder, "test.py"), handler);
  const plugin = join(folder, "hook.mjs");
  const hook = (when: string): string =>
    `steps.${when}({ provider: "lambda", step: "deploy" }, { provider: "hook", resource: "", step: "${when}", work: async () => console.error("${when}", (await fetch(process.env.AWS_ENDPOINT_URL)).status) });`;
  const text = `export const register = ({ steps }) => { ${hook("before")} ${hook("after")} };\n`;
  writeFileSync(plugin, text);
  const words = ["-q", "--network", "all", "--plugin", plugin, "./test.py"];
  const explained = await run(["--explain", ...words]);
  expect(explained.stdout, explained.stderr).toMatch(/200 .*lambda\/\S+\/deploy/);
  expect((await run(words, "{}")).stderr).toMatch(/^before \d+\nafter \d+\n/);
  const asked = emulator.calls.map((call) => (call.startsWith("GET /functions") ? "" : call));
  const [created, invoked] = ["POST /functions", "invocations"].map((part) =>
    asked.findIndex((call) => call.endsWith(part)),
  );
  const looks = emulator.calls.flatMap((call, index) => (call === " /" ? [index] : []));
  expect([looks[0]! < created!, created! < looks[1]!, looks[1]! < invoked!]).toEqual([
    ...[true, true, true],
  ]);
  const before = emulator.calls.length;
  expect((await run(["-q", "--network", "all", "./test.py"], "{}")).exitCode).toBe(0);
  expect(emulator.calls.slice(before)).toHaveLength(1);
});

test("a time-out of Lambda is 124", async () => {
  writeFileSync(join(folder, "test.py"), "import time\ndef handler(e, c):\n    time.sleep(60)\n");
  const { exitCode, stderr } = await run(["--network", "all", "--timeout", "1s", "./test.py"]);
  expect(exitCode).toBe(124);
  expect(stderr).toContain("Task timed out after 1.00 seconds");
});

test("lambda ls, logs and rm, by name and by folder", async () => {
  writeFileSync(join(folder, "test.py"), handler);
  await run(["--network", "all", "./test.py"]);
  const lambda = (...words: readonly string[]): Promise<CliResult> =>
    glovebox(["lambda", ...words], { cwd: folder, env });
  const [name = ""] = emulator.functions.keys();
  const { stdout: list } = await lambda("ls");
  expect(list).toMatch(/^NAME +RUNTIME +MEMORY +CODE +CHANGED +FOR\n/);
  expect(list).toContain(name);
  expect(JSON.parse((await lambda("ls", "--json")).stdout)).toMatchObject({
    region: "us-east-1",
    functions: [{ name, runtime: "python3.13", made_for: folder }],
  });
  expect((await lambda("logs", ".")).stdout).toMatch(/Z hello from Lambda\n/);
  expect((await lambda("rm", ".")).stdout).toBe(`removed ${name}\n`);
  expect((await lambda("ls")).stdout).toBe("no functions of Glovebox in us-east-1\n");
  const { exitCode, stderr } = await lambda("rm", name);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(`no function of Glovebox is called \`${name}\``);
});

test("without credentials or a region it says what to set", async () => {
  const bare = { HOME: folder, AWS_EC2_METADATA_DISABLED: "true", AWS_ENDPOINT_URL: emulator.url };
  const none = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
  const noCredentials = await glovebox(["lambda", "ls"], {
    env: { ...bare, ...none, AWS_REGION: "us-east-1" },
  });
  expect([noCredentials.exitCode, noCredentials.stderr]).toEqual([
    125,
    expect.stringMatching(/AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE/),
  ]);
  const noRegion = await glovebox(["lambda", "ls"], {
    env: { ...env, ...bare, AWS_REGION: undefined },
  });
  expect([noRegion.exitCode, noRegion.stderr]).toEqual([
    125,
    expect.stringMatching(/no region is named. Set AWS_REGION/),
  ]);
});

test("what requirements.txt declares is at the function's root", async () => {
  const files = {
    "words-1.0-py3-none-any.whl": wheel("words", "1.0", { "words.py": 'hello = "hello"\n' }),
  };
  const registry = await servePackages({ python: { words: files } });
  try {
    writeFileSync(join(folder, "requirements.txt"), "words\n");
    writeFileSync(
      join(folder, "test.py"),
      "import words\ndef lambda_handler(event, context):\n    return words.hello\n",
    );
    env = { ...env, GLOVEBOX_REGISTRY_PIP: registry.pip, XDG_CACHE_HOME: folder };
    const told = await run(["-q", "--network", "all", "./test.py"]);
    expect(told).toMatchObject({ exitCode: 0, stdout: "hello\n" });
  } finally {
    registry.stop();
  }
});

test("coderun's own words do the same: `coderun -p lambda -- ./test.py`", async () => {
  writeFileSync(join(folder, "test.py"), handler);
  const { status, stderr } = await new Promise<{ status: number | null; stderr: string }>(
    (resolve) => {
      const child = spawn(
        process.execPath,
        [join(program, "../coderun"), "-p", "lambda", "--", "./test.py"],
        {
          cwd: folder,
          env: { ...process.env, GLOVEBOX_NO_BUILD: "1", ...env },
          stdio: ["ignore", "ignore", "pipe"],
        },
      );
      let said = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
      child.on("close", (code) => {
        resolve({ status: code, stderr: said });
      });
    },
  );
  expect([status, stderr]).toEqual([0, expect.stringMatching(startToReport)]);
});
