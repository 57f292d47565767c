/**
 * @module
 * The code of docs/extend.md, run as it stands there.
 */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { skipUnless } from "../helpers/require.ts";
import { glovebox, linuxGap, program, temporaryFolder, type CliResult } from "./cli-fixture.ts";

const root = join(program, "../..");
const page = readFileSync(join(root, "docs/extend.md"), "utf8");
const folder = temporaryFolder();
afterAll(() => {
  folder.remove();
});

const plugins = [...page.matchAll(/```js\n\/\/ (\S+)\n(.*?)```/gs)].map(
  ([, name = "", code = ""]) => {
    writeFileSync(join(folder.path, name), code);
    return name;
  },
);
mkdirSync(join(folder.path, "node_modules"));
symlinkSync(root, join(folder.path, "node_modules/glovebox"));

const gap = skipUnless("linux", linuxGap());
const run = (words: readonly string[], stdin = ""): Promise<CliResult> =>
  glovebox(["run", ...words], { cwd: folder.path, stdin });

/** What the page shows behind a command. */
function shown(command: string): string {
  const [, output] = page.split(`$ ${command}\n`);
  return output?.slice(0, output.indexOf("```")) ?? "";
}

test("the page has three plugins", () => {
  expect(plugins).toEqual(["told.mjs", "jq.mjs", "timed.mjs"]);
});

test("the hook and the step are where the page shows them", async () => {
  const command = "run --plugin told.mjs --provider docker --explain -- make";
  expect(await glovebox(command.split(" "), { cwd: folder.path })).toMatchObject({
    exitCode: 0,
    stdout: shown(`glovebox ${command}`),
  });
});

test("the hook runs before what it names, and only there", async () => {
  const told = await run([
    ...["--plugin", "told.mjs", "--provider", "process", "--enforcement", "best-effort"],
    ...["--", "sh", "-c", "echo $MARK"],
  ]);
  expect(told).toMatchObject({ exitCode: 0, stdout: "set\n" });
  expect(told.stderr).not.toContain("is about to run");
});

test.skipIf(gap !== undefined)("the steps of a run are those that the page lists", async () => {
  const args = "run --explain --workspace .:copy -- make".split(" ");
  const told = await glovebox([...args.slice(0, 2), "--report", ...args.slice(2)], {
    cwd: folder.path,
  });
  const rows = (text: string): readonly string[] => text.trim().replace(/ +/g, " ").split("\n");
  expect(rows(told.stdout)).toEqual(rows(shown(`glovebox ${args.join(" ")}`)));
});

test.skipIf(gap !== undefined)("the resource runs its files", async () => {
  writeFileSync(join(folder.path, "names.jq"), ".[] | .name + $x\n");
  const told = await run(
    ["--plugin", "jq.mjs", "names.jq", "--arg", "x", "!", "-r"],
    '[{"name": "Ada"}]',
  );
  expect(told).toMatchObject({ exitCode: 0, stdout: "Ada!\n", stderr: "" });
  const explained = await run(["--plugin", "jq.mjs", "--explain", "names.jq"]);
  expect(explained.stdout).toContain("linux/jq/run");
});

test.skipIf(gap !== undefined)("the provider makes the sandbox", async () => {
  const told = await run(["--plugin", "timed.mjs", "--provider", "timed", "--", "echo", "hello"]);
  expect(told).toMatchObject({ exitCode: 0, stdout: "hello\n" });
  expect(told.stderr).toMatch(/^made in \d+ ms$/m);
  const unknown = await run(["--plugin", "timed.mjs", "--provider", "tamed", "--", "echo"]);
  expect(unknown.exitCode).toBe(2);
  expect(unknown.stderr).toContain("`tamed` is unknown. Allowed: auto,");
});

test.skipIf(gap !== undefined)("run.yaml of this user adds plugins to every run", async () => {
  const config = join(folder.path, "config");
  mkdirSync(join(config, "glovebox"), { recursive: true });
  const write = (text: string): void => {
    writeFileSync(join(config, "glovebox/run.yaml"), text);
  };
  const env = { XDG_CONFIG_HOME: config };
  const args = ["run", "--", "sh", "-c", "echo $MARK"];
  write(`plugins: [${join(folder.path, "told.mjs")}]\n`);
  expect(await glovebox(args, { env, cwd: folder.path })).toMatchObject({ stdout: "set\n" });
  for (const [text, message] of [
    ["plugins: told.mjs", "plugins: must be an array"],
    ["plugin: []", "is not a known field"],
    ["plugins: [", "can't be read"],
    ["plugins: [none.mjs]", "can't be loaded"],
  ] as const) {
    write(text);
    const told = await glovebox(args, { env, cwd: folder.path });
    expect([told.exitCode, told.stdout]).toEqual([2, ""]);
    expect(told.stderr).toContain(message);
  }
});
