/**
 * @module
 * `glovebox permissions` on rules of a folder of its own.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openRuleStore } from "../../src/permissions/rule-store.ts";
import { glovebox, temporaryFolder, type CliResult } from "./cli-fixture.ts";

const folder = temporaryFolder();
const project = join(folder.path, "app");
const home = join(folder.path, "home");
mkdirSync(project);
mkdirSync(join(home, ".aws"), { recursive: true });
writeFileSync(join(home, ".aws/credentials"), "");
const policy = join(folder.path, "policy.yaml");
writeFileSync(
  policy,
  "version: 1\nallow:\n  - net: '*.github.com:443'\n  - read: ~/.aws\ndeny:\n  - read: ~/.aws/credentials\n",
);
afterAll(() => {
  folder.remove();
});

const permissions = (...args: readonly string[]): Promise<CliResult> =>
  glovebox(["permissions", ...args], {
    env: { XDG_STATE_HOME: join(folder.path, "state"), HOME: home },
    cwd: project,
  });

interface Listed {
  readonly projects: readonly {
    readonly project: string;
    readonly rules: readonly { readonly id: string; readonly effect: string }[];
  }[];
}
const listed = async (): Promise<Listed> =>
  JSON.parse((await permissions("list", "--all", "--json")).stdout) as Listed;

test("without rules the list says so", async () => {
  const { exitCode, stdout, stderr } = await permissions("list");
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
  expect(stderr).toContain(`there is no rule for ${project}`);
});

test("an import needs somebody who agrees", async () => {
  const { exitCode, stderr } = await permissions("import", policy);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("* Connect to");
  expect(stderr).toContain("there is no terminal to ask on. Agree with `-y`");
  expect((await listed()).projects).toEqual([]);
});

describe("with rules", () => {
  test("an import says what it allows, and adds it", async () => {
    const { exitCode, stderr } = await permissions("import", "-y", policy);
    expect(exitCode).toBe(0);
    expect(stderr).toContain("* Read the file or folder ~/.aws/ (AWS access keys)\n");
    expect(stderr).toContain("* Never Read the file or folder ~/.aws/credentials");
    expect(stderr).toContain("added 3 of 3 rules");
    expect((await permissions("import", "-y", policy)).stderr).toContain("added 0 of 3 rules");
  });

  test("they are listed, and exported as they were imported", async () => {
    const { stdout } = await permissions("list");
    expect(stdout).toMatch(/^ID +RULE +KIND +WHAT +SINCE +BY\nr\w+ +allow +net +/);
    expect(await listed()).toMatchObject({
      projects: [
        { project, rules: [{ effect: "allow" }, { effect: "allow" }, { effect: "deny" }] },
      ],
    });
    const exported = await permissions("export");
    const copy = join(folder.path, "copy.yaml");
    writeFileSync(copy, exported.stdout);
    expect((await permissions("import", "-y", copy)).stderr).toContain("added 0 of 3 rules");
  });

  test.each([
    [["net", "api.github.com:443"], /allowed by rule r\w+: allow-net='\*\.github\.com:443'/],
    [["net", "github.com:443"], /no rule tells: asked/],
    [["read", "~/.aws/credentials"], /\(AWS access keys\)\ndenied by rule r\w+: deny-read=/],
    [["read", "~/.aws/config"], /allowed by rule/],
  ])("explain %j", async (words, expected) => {
    const { exitCode, stdout } = await permissions("explain", ...words);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(expected);
  });

  test.each([
    [["explain", "net", "github.com"], /is more than one/],
    [["explain", "nets", "x"], /"nets" is none of net, read/],
    [["revoke", "r0"], /has no rule "r0"/],
    [["revoke"], /say which rules, or `--all`/],
    [["list", "--project", "/nowhere"], /there is no folder "\/nowhere"/],
    [["import", "/nowhere"], /can't be read: ENOENT/],
  ])("%j is refused", async (words, message) => {
    const { exitCode, stderr } = await permissions(...words);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
  });

  test("revoked ones are gone", async () => {
    const [{ rules } = { rules: [] }] = (await listed()).projects;
    const { stdout } = await permissions("revoke", rules[0]!.id);
    expect(stdout).toBe(`revoked ${rules[0]!.id}\n`);
    expect((await permissions("revoke", "--all")).stdout.split("\n")).toHaveLength(3);
    expect((await permissions("list")).stdout).toBe("");
  });
});

test.each([
  ["a caller of a server", "http:ci"],
  ["a folder that is gone", join(folder.path, "gone")],
])("rules of %s can be listed and taken back", async (_, name) => {
  const gone = join(folder.path, "gone");
  mkdirSync(gone, { recursive: true });
  const pattern = { kind: "read", path: join(home, ".netrc") } as const;
  const store = openRuleStore(join(folder.path, "state/glovebox"), name);
  await store.add([{ effect: "allow", pattern, scope: "always", by: "api" }]);
  rmSync(gone, { recursive: true });
  const of = `--project=${name}`;
  const { stdout } = await permissions("list", of, "--json");
  const [id = ""] = (JSON.parse(stdout) as Listed).projects.flatMap(({ rules }) =>
    rules.map((rule) => rule.id),
  );
  expect((await permissions("revoke", of, id)).stdout).toBe(`revoked ${id}\n`);
  expect((await permissions("revoke", of, id)).exitCode).toBe(2);
});

test.each([
  [["--network", "all", "--deny-net", "evil.example"], "no rule about them holds"],
  [["--network", "all", "--allow-net", "a.example"], "no rule about them holds"],
  [["--network", "all", "--allow-forward", "8000"], "no rule about them holds"],
  [["--network", "none", "--allow-net", "a.example"], "there is no connection to allow"],
  [["--network", "all", "--policy", policy], "none of them holds"],
  [["--ask", "maybe"], "Allowed: auto, tty, never, broker:SOCKET"],
  [["--policy", "/dev/zero"], "larger than 1048576 bytes"],
  [["--allow-read", "/proc"], "a sandbox has a /proc of its own"],
  [["--allow-read", "/dev/null"], "a sandbox has a /dev of its own"],
  [["--allow-write", "/"], "all of this machine"],
  [["--allow-net", "localhost:80"], "This machine is `host.internal` there"],
  [["--allow-net", "*"], "`--network all` is for that"],
  [["--deny-net", "*"], "`--network none` is for that"],
  [["--ask-env", "GLOVEBOX_NOT_SET"], "is not set in your environment"],
])("%j is refused before anything runs", async (flags, reason) => {
  const { exitCode, stdout, stderr } = await glovebox(["run", ...flags, "--", "echo", "ran"]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr).toContain(reason);
});
