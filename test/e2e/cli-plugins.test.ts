/**
 * @module
 * Steps of a run: those of Glovebox, and those that plugins add.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { skipUnless } from "../helpers/require.ts";
import { glovebox, linuxGap, temporaryFolder, type CliResult } from "./cli-fixture.ts";

const folder = temporaryFolder();
afterAll(() => {
  folder.remove();
});

/** @param body Of `register(env)`. */
function plugin(name: string, body: string): string {
  const file = join(folder.path, name);
  writeFileSync(file, `export function register(env) { const { steps } = env;\n${body}\n}\n`);
  return file;
}

const run = (...args: readonly string[]): Promise<CliResult> =>
  glovebox(["run", "--provider", "process", "--enforcement", "best-effort", "-q", ...args], {
    cwd: folder.path,
  });
const named = (step: string, work: string): string =>
  `{ provider: "mine", resource: "", step: "${step}", work: (run) => { ${work} } }`;

const builtIn = ["process/echo/setup", "process/echo/run", "process/echo/teardown"] as const;

test("a hook at every level and before and after every step runs in its order", async () => {
  const levels = [0, 99, 100, 200, 250.5, 300, 301, 400, 499];
  const file = plugin(
    "all.mjs",
    `${levels.map((level) => `steps.at(${level}, ${named(`at${level}`, `run.note("at ${level}")`)});`).join("\n")}
     for (const place of ["before", "after"]) steps[place]("^process$/.*/.*",
       { provider: "mine", resource: "", step: place, work: (run, of) => run.note(place + " " + of.step) });`,
  );
  const { stderr, stdout, exitCode } = await run("--plugin", file, "--", "echo", "ran");
  expect([stdout, exitCode]).toEqual(["ran\n", 0]);
  const notes = stderr.split("\n").map((line) => line.replace("glovebox: ", ""));
  const expected = [
    ...["at 0", "at 99", "before setup", "after setup", "at 100", "at 200", "at 250.5"],
    ...["before run", "after run", "at 300", "at 301", "before teardown", "after teardown"],
    ...["at 400", "at 499"],
  ];
  expect(notes.filter((note) => expected.includes(note))).toEqual(expected);

  const explained = await run("--plugin", file, "--explain", "--json", "--", "echo", "ran");
  const { steps } = JSON.parse(explained.stdout) as Explained;
  const told = steps
    .filter(({ by }) => by === file)
    .map(({ step, hook }) =>
      hook === undefined
        ? step.replace("mine//at", "at ")
        : `${hook.place} ${hook.of.split("/")[2]}`,
    );
  expect(told).toEqual(expected);
  expect(steps.filter(({ by }) => by === "glovebox").map(({ step }) => step)).toEqual(builtIn);
});

const gap = skipUnless("linux", linuxGap());

test.skipIf(gap !== undefined)(
  "each step of a run that asks, on a copy, has its hooks around it, as --explain says",
  async () => {
    const file = plugin(
      "around.mjs",
      `for (const place of ["before", "after"]) steps[place]("././.", { provider: "mine", resource: "", step: place,
         work: (run, of) => run.note([place, of.provider, of.resource, of.step].join(" ")) });
       for (let level = 0; level < 500; level += 50) steps.at(level, { provider: "mine", resource: "level", step: String(level),
         work: (run) => run.note("at " + level) });`,
    );
    const words = ["--workspace", ".:copy", "--discard", "--report", "--", "true"];
    const explained = await glovebox(["run", "--plugin", file, "--explain", "--json", ...words], {
      cwd: folder.path,
    });
    const { steps } = JSON.parse(explained.stdout) as Explained;
    const expected = steps
      .filter(({ by }) => by === file)
      .map(({ step, hook }) =>
        hook === undefined
          ? step.replace("mine/level/", "at ")
          : `${hook.place} ${hook.of.replaceAll("/", " ")}`,
      );
    const own = steps.filter(({ by }) => by === "glovebox").map(({ step }) => step);
    expect(own.length).toBeGreaterThanOrEqual(10);
    for (const step of own) {
      const name = step.replaceAll("/", " ");
      const [before, after] = [`before ${name}`, `after ${name}`].map((it) => expected.indexOf(it));
      expect([step, (after ?? 0) - (before ?? 0)]).toEqual([step, 1]);
    }
    const ran = await glovebox(["run", "--plugin", file, ...words], { cwd: folder.path });
    expect(ran.exitCode).toBe(0);
    const notes = ran.stderr.split("\n").map((line) => line.replace("glovebox: ", ""));
    expect(notes.filter((note) => expected.includes(note))).toEqual(expected);
  },
);

interface Explained {
  readonly steps: readonly {
    readonly step: string;
    readonly by: string;
    readonly hook?: { readonly place: string; readonly of: string };
  }[];
}

test("--explain lists the steps for people, and does nothing", async () => {
  const file = plugin("touch.mjs", `steps.at(1, ${named("early", `throw new Error("it ran")`)});`);
  const { stdout, exitCode } = await run("--plugin", file, "--explain", "--", "echo", "ran");
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(
    /^LEVEL +STEP +BY\n1 +mine\/\/early +\/.*touch.mjs\n100 +process\/echo\/setup/,
  );
  expect(stdout).not.toContain("ran\n");
});

test("a hook changes what is run", async () => {
  const file = plugin(
    "change.mjs",
    `steps.before("process/.*/run", ${named("env", `run.request = { ...run.request, env: { GREETING: "hello" } }`)});
     steps.at(450, ${named("code", `run.exitCode = run.exitCode + 1`)});`,
  );
  const { stdout, exitCode } = await run(
    "--plugin",
    file,
    "--",
    "sh",
    "-c",
    "echo $GREETING; exit 3",
  );
  expect([stdout, exitCode]).toEqual(["hello\n", 4]);
});

describe("what goes wrong", () => {
  const teardown = `steps.at(400, ${named("down", `run.note("torn down")`)});`;

  test.each([
    ["setup", "steps.at(100,"],
    ["a level between", "steps.at(299,"],
    ["before the run", `steps.before("process/.*/run",`],
  ])("a step that throws at %s ends the run, and teardown is done", async (_, begin) => {
    const file = plugin(
      "throws.mjs",
      `${teardown} ${begin} ${named("bad", `throw new Error("boom")`)});`,
    );
    const { stdout, stderr, exitCode } = await run("--plugin", file, "--", "echo", "ran");
    expect([stdout, exitCode]).toEqual(["", 125]);
    expect(stderr).toContain("torn down");
    expect(stderr).toContain(`mine//bad of \`${file}\` failed: boom`);
  });

  test("one that throws after the run, or in teardown, leaves the program's output", async () => {
    const file = plugin(
      "late.mjs",
      `steps.at(401, ${named("bad", `throw new Error("boom")`)}); steps.at(402, ${named("down", `run.note("torn down")`)});`,
    );
    const { stdout, stderr, exitCode } = await run("--plugin", file, "--", "echo", "ran");
    expect([stdout, exitCode]).toEqual(["ran\n", 125]);
    expect(stderr).toContain("torn down");
  });

  test.each([
    ["no such file", "nowhere.mjs", undefined, /can't be loaded: Cannot find module/],
    ["one that throws", "bang.mjs", `throw new Error("bang")`, /failed to register: bang/],
    [
      "a bad matcher",
      "matcher.mjs",
      `steps.before("x/[/y", ${named("a", "")})`,
      /`\[` is no regular/,
    ],
    ["a bad level", "level.mjs", `steps.at("run", ${named("a", "")})`, /"run" is no level/],
    [
      "a bad step",
      "step.mjs",
      `steps.at(1, { provider: "a", resource: "", step: "b" })`,
      /no function `work`/,
    ],
  ])("%s is refused before anything runs", async (_, name, body, message) => {
    const file = body === undefined ? join(folder.path, name) : plugin(name, body);
    const { stdout, stderr, exitCode } = await run("--plugin", file, "--", "echo", "ran");
    expect([stdout, exitCode]).toEqual(["", 2]);
    expect(stderr).toMatch(message);
  });

  test.each([
    ["run.exitCode = 'abc'", /`run.exitCode` can't be "abc": it is a number from 0 to 255/],
    ["run.exitCode = -1.5", /`run.exitCode` can't be -1.5/],
    ["run.request = null", /`run.request` can't be null/],
  ])("a step that says %s fails as one that throws", async (work, message) => {
    const file = plugin("wrong.mjs", `steps.at(350, ${named("bad", work)}); ${teardown}`);
    const { stderr, exitCode } = await run("--plugin", file, "--", "true");
    expect(stderr).toMatch(message);
    expect(stderr).toContain("torn down");
    expect(exitCode).toBe(125);
  });

  test.each([
    ["resources = 5", /`resources` is no list/],
    ["resources = [null]", /a resource is `{ name/],
    ["providers = 5", /`providers` is no object/],
    [
      'resources = [{ name: "x", extensions: [".x"], argv: () => "abc" }]',
      /`argv` of the resource `x` gave "abc". It must be a list of texts/,
    ],
    [
      'resources = [{ name: "x", extensions: [".x"], argv: () => { throw new Error("boo") } }]',
      /`argv` of the resource `x` failed: boo/,
    ],
  ])("a plugin with %s is refused", async (text, message) => {
    const file = join(folder.path, "exports.mjs");
    writeFileSync(file, `export const ${text};\n`);
    writeFileSync(join(folder.path, "a.x"), "");
    const { stderr, exitCode } = await run("--plugin", file, "a.x");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
  });

  test.each([
    ["() => 5", /the provider `mine` gave 5/],
    ["() => { throw new Error('boo') }", /the provider `mine` failed: boo/],
  ])("a provider that is %s is refused", async (text, message) => {
    const file = join(folder.path, "provider.mjs");
    writeFileSync(file, `export const providers = { mine: ${text} };\n`);
    const { stderr, exitCode } = await glovebox(
      ["run", "--plugin", file, "--provider", "mine", "--", "true"],
      { cwd: folder.path },
    );
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
  });

  test("a module without `register` is refused", async () => {
    const file = join(folder.path, "empty.mjs");
    writeFileSync(file, "export const other = 1;\n");
    const { stderr, exitCode } = await run("--plugin", file, "--", "echo", "ran");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("exports none of `register`, `providers`, `resources`");
  });
});
