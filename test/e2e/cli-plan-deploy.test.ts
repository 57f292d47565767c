/**
 * @module
 * `glovebox plan --deploy`, `--list` and `--remove`, as a user types them, against AWS's own clients and
 * an emulator whose functions run.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Provider } from "../../src/core/provider.ts";
import { providerLoaders } from "../../src/providers/index.ts";
import {
  emulatedEnv,
  startLambdaEmulator,
  type LambdaEmulator,
} from "../helpers/lambda-emulator/emulator.ts";
import { restError, type ApiAnswer, type ApiRequest } from "../helpers/lambda-emulator/http.ts";
import { createPlanServices, type PlanServices } from "../helpers/lambda-emulator/plans.ts";
import { glovebox, resultOf, startCli, untilText, type CliResult } from "./cli-fixture.ts";

let linux: Provider;
let emulator: LambdaEmulator;
let plans: PlanServices;
/** What Step Functions waits for before it answers. */
let held: Promise<void> | undefined;
let folder: string;
let env: Record<string, string>;
const temporary = mkdtempSync(join(tmpdir(), "glovebox-plan-test-"));
beforeAll(async () => {
  linux = await providerLoaders.linux();
});
beforeEach(async () => {
  plans = createPlanServices(() => emulator);
  held = undefined;
  const states = async (request: ApiRequest): Promise<ApiAnswer> => {
    await held;
    return plans.services.states(request);
  };
  emulator = await startLambdaEmulator(linux, { services: { ...plans.services, states } });
  folder = mkdtempSync(join(temporary, "project-"));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "shout"), "#!/bin/sh\ntr a-z A-Z\n", { mode: 0o755 });
  env = {
    ...emulatedEnv(emulator.url),
    XDG_STATE_HOME: mkdtempSync(join(temporary, "state-")),
  };
  return () => emulator[Symbol.asyncDispose]();
});
afterAll(async () => {
  await linux.close();
  rmSync(temporary, { recursive: true, force: true });
});

const plan = (...words: readonly string[]): Promise<CliResult> =>
  glovebox(["plan", ...words], { cwd: folder, env });

test("is deployed, runs, is listed, and removed whole", async () => {
  const { exitCode, stdout, stderr } = await plan("--deploy", "--name", "loud", "cat | ./shout");
  expect(exitCode, stderr).toBe(0);
  const arn = stdout.trim();
  expect(arn).toBe("arn:aws:states:us-east-1:000000000000:stateMachine:glovebox-plan-loud");
  expect(stderr).toContain("glovebox: loud is deployed\n");
  expect(await plans.start(arn, "words")).toBe("WORDS");
  expect((await plan("--list")).stdout).toMatch(
    /^NAME +STARTS +PLAN\nloud +by hand +cat \| .\/shout\n$/,
  );
  expect(await plan("--remove", "loud")).toMatchObject({ exitCode: 0, stdout: "removed loud\n" });
  expect([plans.machines.size, emulator.functions.size]).toEqual([0, 0]);
  expect((await plan("--list")).stdout).toBe("no plans of Glovebox in us-east-1\n");
  expect(await plan("--remove", "loud")).toMatchObject({ exitCode: 2 });
}, 60_000);

test("what is there already stays as it is; what has changed is changed", async () => {
  const [arn = ""] = (await plan("--deploy", "cat | ./shout")).stdout.split("\n");
  const before = emulator.calls.length;
  const again = await plan("--deploy", "cat | ./shout");
  expect(again.stderr).toContain(" is deployed as it was\n");
  const calls = emulator.calls.slice(before);
  expect(calls.filter((call) => /Create|Update|POST|PUT/.test(call))).toEqual([]);
  expect(calls).toHaveLength(5);
  writeFileSync(join(folder, "shout"), "#!/bin/sh\ntr a-z B\n", { mode: 0o755 });
  expect((await plan("--deploy", "cat | ./shout")).stderr).toContain(" is deployed anew\n");
  expect(await plans.start(arn, "ab")).toBe("BB");
  for (const { definition } of plans.machines.values()) expect(definition).toContain(":2");
  const [name = ""] = emulator.functions.keys();
  expect(emulator.functions.get(name)?.versions.size).toBe(2);
  await glovebox(["lambda", "rm", name], { env });
  expect(emulator.functions.size).toBe(0);
  expect((await plan("--deploy", "cat | ./shout")).exitCode).toBe(0);
  expect(emulator.functions.size).toBe(1);
}, 60_000);

test("@cron is a schedule, which goes when it is not there any more", async () => {
  const deployed = await plan(
    "--deploy",
    "--name",
    "daily",
    "--input",
    "hi",
    "@cron '0 8 * * ? *' | cat",
  );
  expect(deployed.stderr).toContain("starts by itself: cron(0 8 * * ? *), UTC");
  expect(plans.schedules.get("glovebox-plan-daily")).toMatchObject({
    ScheduleExpression: "cron(0 8 * * ? *)",
    Target: { Arn: deployed.stdout.trim(), Input: '"hi"' },
  });
  expect((await plan("--list")).stdout).toContain("cron(0 8 * * ? *)");
  await plan("--deploy", "--name", "daily", "cat");
  expect(plans.schedules.size).toBe(0);
}, 60_000);

test.each<[string, readonly string[], RegExp]>([
  ["no line", ["--deploy"], /LINE: is missing/],
  [
    "a name that AWS does not take",
    ["--deploy", "--name", "a b", "cat"],
    /--name: `a b` is no name/,
  ],
  ["a name for nothing", ["--name", "a", "cat"], /--name: .*Add --deploy/],
  ["--run besides", ["--deploy", "--run", "cat"], /--deploy: can't be used together with --run/],
  ["input that nothing takes", ["--deploy", "--input", "1", "cat"], /--input: .*no @cron/],
  ["two days", ["--deploy", "@cron '0 8 1 * 1 *' | cat"], /one of day of month and day of week/],
  ["an hour that is none", ["--deploy", "@cron '0 99 * * ? *' | cat"], /@cron: .*Invalid Schedule/],
  ["a plan and --list", ["--list", "cat"], /--list: stands alone/],
  ["a name that is nobody's", ["--remove", "nosuch"], /no plan is called `nosuch`/],
])("%s is refused", async (_what, words, message) => {
  expect(await plan(...words)).toMatchObject({
    exitCode: 2,
    stdout: "",
    stderr: expect.stringMatching(message) as string,
  });
});

test("another's machine of that name is left alone", async () => {
  const arn = "arn:aws:states:us-east-1:000000000000:stateMachine:glovebox-plan-mine";
  const other = { name: "glovebox-plan-mine", definition: "{}", roleArn: "r", tags: [] };
  plans.machines.set(arn, other);
  const { exitCode, stderr } = await plan("--deploy", "--name", "mine", "cat");
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining("was not made by Glovebox")]);
  expect((await plan("--list")).stdout).toBe("no plans of Glovebox in us-east-1\n");
  expect((await plan("--remove", "mine")).exitCode).toBe(2);
  expect(plans.machines.get(arn)).toBe(other);
}, 60_000);

test("a right that is missing, and an account that is not there, are told with what helps", async () => {
  const denied = { __type: "AccessDeniedException", message: "User is not authorized" };
  emulator.failures.set("states AWSStepFunctions.DescribeStateMachine", [
    { status: 400, body: denied },
  ]);
  const refused = await plan("--deploy", "--name", "a", "cat");
  expect(refused).toMatchObject({ exitCode: 125 });
  expect(refused.stderr).toMatch(
    /cannot deploy the state machine .*rights that docs\/lambda\.md lists/,
  );
  // What was made is known by its name.
  expect(await plan("--remove", "a")).toMatchObject({ exitCode: 0 });
  const nowhere = { ...env, AWS_ENDPOINT_URL: "http://127.0.0.1:1" };
  const lost = await glovebox(["plan", "--list"], { cwd: folder, env: nowhere });
  expect(lost).toMatchObject({ exitCode: 125 });
  expect(lost.stderr).toContain("Look at the network");
}, 60_000);

test("a new role is waited for", async () => {
  const refused = restError(
    400,
    "InvalidParameterValueException",
    "The role defined for the function cannot be assumed by Lambda.",
  );
  emulator.failures.set("POST /functions", [refused]);
  const unknown = "is not authorized to assume the provided role.";
  emulator.failures.set("states AWSStepFunctions.CreateStateMachine", [
    { status: 400, body: { __type: "AccessDeniedException", message: unknown } },
  ]);
  expect(await plan("--deploy", "cat")).toMatchObject({ exitCode: 0 });
}, 60_000);

test("Ctrl-C ends it, and what was made until then can be removed", async () => {
  let release: () => void = () => undefined;
  held = new Promise((resolve) => (release = resolve));
  const child = startCli(["plan", "--deploy", "--name", "half", "cat"], { cwd: folder, env });
  await untilText(child.stderr, "deploy the state machine");
  child.kill("SIGINT");
  expect(await resultOf(child)).toMatchObject({ exitCode: 130, stdout: "" });
  release();
  expect([plans.machines.size, emulator.functions.size]).toEqual([0, 1]);
  expect(await plan("--remove", "half")).toMatchObject({ exitCode: 0 });
  expect(emulator.functions.size).toBe(0);
}, 60_000);
