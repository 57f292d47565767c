import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { glovebox, temporaryFolder } from "./cli-fixture.ts";

const folder = temporaryFolder();
const project = join(folder.path, "project");

beforeAll(() => {
  mkdirSync(join(project, "sub"), { recursive: true });
  writeFileSync(join(project, "a.py"), "print(1)");
  writeFileSync(join(project, "a.unknown"), "print(1)");
  writeFileSync(join(project, "a.c"), "int main(void) { return 0; }");
  writeFileSync(join(folder.path, "outside.py"), "print(1)");
});

afterAll(() => {
  folder.remove();
});

describe("wrong usage", () => {
  test.each<[string[], RegExp]>([
    [["run"], /nothing to run\. Write `glovebox run FILE`/],
    [["run", "--"], /no command after `--`/],
    [["run", "--zzzz", "a.py"], /unknown option '--zzzz'\. See `glovebox run --help`/],
    [["run", "--timeot", "1s", "a.py"], /'--timeot'\. \(Did you mean --timeout\?\)/],
    [["run", "--timeout"], /--timeout <TIME>' argument missing/],
    [["run", "--timeout", "5", "a.py"], /--timeout: `5` .*Allowed: 10ms to 24h, or `none`\./],
    [["run", "--memory", "none", "a.py"], /--memory: `none` .*Allowed: 4MiB to 1TiB\./],
    [["run", "--processes", "0", "a.py"], /--processes: `0` is out of range/],
    [["run", "--ask", "me", "a.py"], /--ask: `me` is unknown\. Allowed: auto, tty, never/],
    [["run", "--ask", "tty", "a.py"], /--ask: `tty`: there is no terminal to ask on/],
    [["run", "--allow-net", "a b", "a.py"], /--allow-net: .*a b/],
    [["run", "--policy", "/nowhere.yaml", "a.py"], /--policy: `\/nowhere\.yaml` can't be read/],
    [["run", "--provider", "process", "a.py"], /`process` isolates nothing/],
    [["run", "nowhere.py"], /FILE: `nowhere\.py` can't be read \(ENOENT\)/],
    [["run", "ls"], /To run a command write `glovebox run -- ls …`/],
    [["run", "sub"], /FILE: `sub` is a folder/],
    [
      ["run", "a.unknown"],
      /can't tell the language of `a\.unknown`.*Add `-l LANG`.*glovebox languages/,
    ],
    [["run", "-l", "cobalt", "a.py"], /--language: `cobalt` is unknown\. .*glovebox languages/],
    [["run", "-"], /Add `-l LANG`/],
    [["run", "-c", "print(1)"], /--code: needs its language/],
    [["run", "--file", "../outside.py", "a.py"], /--file: `\.\.\/outside\.py` has a part `\.\.`/],
    [["run", "--file", "/etc/passwd", "a.py"], /--file: `\/etc\/passwd` is absolute/],
    [["run", "--file", "a.py", "a.py"], /--file: `a\.py` is there twice/],
    [["run", "--file", "a.py", "--", "ls"], /--file: `a\.py` can't be added/],
    [["run", "--workspace", "nowhere", "a.py"], /--workspace: `nowhere` can't be opened/],
    [["run", "--workspace", "sub", "--apply", "--", "ls"], /--apply.* are for changes in a copy/],
    [["run", "--keep", "--discard", "a.py"], /--discard: can't be used together with --keep/],
    [["changes", "apply", "../../x"], /ID: no changes are kept as `..\/..\/x`/],
    [["run", "--workspace", "sub", "a.py"], /FILE: `a\.py` is not in the workspace/],
    [["run", "--workspace", ".:rw", "a.c"], /is compiled first/],
    [["run", "--workspace", ".", "-l", "python", "-c", "1"], /can't be used with --code/],
    [["run", "-e", "A B=1", "a.py"], /--env: `A B` is not a name/],
    [["run", "--disk", "64KiB", "--file", "big", "a.py"], /--file: `big` can't be read/],
    [
      ["doctor", "--provider", "vm"],
      /--provider: `vm` is unknown\. Allowed: auto, linux, docker, process/,
    ],
    [["run", "--out", "", "a.py"], /--out: is empty\. Name a folder\./],
    [
      ["run", "--out", "new", "--", "ls"],
      /--out: nothing can be written .*`[^`]*project`, read-only\. Write `--workspace DIR:rw`/,
    ],
    [
      ["run", "--out", "new", "--workspace", ".:rw", "--", "ls"],
      /--out: .*`[^`]*project`: what the program writes there is there already/,
    ],
    [["languages", "foo"], /`foo` is no command of it\. There are install, prepare, remove\.\n/],
    [["doctor", "foo"], /Expected 0 arguments but got 1\. See `glovebox doctor --help`\.\n/],
    [["images", "pull", "UPPER:1"], /LANG: `UPPER:1`: .*no capitals.*`upper:1`/],
    [["languages", "--wide"], /unknown option '--wide'/],
    [["serve", "--port", "http"], /command line: server\.port \(--port\) .*http/],
    [
      ["serve", "--host", "0.0.0.0", "--port", "0"],
      /server\.host \(--host\): 0\.0\.0\.0 .*--insecure-no-auth/,
    ],
    [
      ["serve", "--provider", "process", "--port", "0"],
      /provider \(--provider\).*allowUnsafeProcess \(--allow-unsafe-process\)/,
    ],
    [["launch"], /unknown command 'launch'/],
  ])("%j is told apart, with exit code 2 and nothing on stdout", async (args, message) => {
    const { exitCode, stdout, stderr } = await glovebox(args, { cwd: project });
    expect(stderr).toMatch(/^glovebox: [^\n]+\n$/);
    expect(stderr).toMatch(message);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  });

  test("of a file larger than --disk is refused before anything is run", async () => {
    writeFileSync(join(project, "large.py"), Buffer.alloc(70_000, "#"));
    const { exitCode, stderr } = await glovebox(["run", "--disk", "64KiB", "large.py"], {
      cwd: project,
    });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/`large\.py`: is longer than 65536 bytes\. Raise it with --disk/);
  });

  test("of a command in the home folder needs an explicit --workspace", async () => {
    const { exitCode, stderr } = await glovebox(["run", "--", "ls"], {
      cwd: folder.path,
      env: { HOME: project },
    });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/holds your home folder.*write `--workspace DIR`/);
  });

  test("with --json is a JSON document too", async () => {
    const { exitCode, stdout } = await glovebox(["run", "--json", "nowhere.py"], { cwd: project });
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: "INVALID_REQUEST", details: { issues: [{ path: "FILE" }] } },
      exit_code: 2,
    });
  });

  test("cannot send control characters to the terminal", async () => {
    const { stderr } = await glovebox(["run", "\u001b]0;title\u0007.py"], { cwd: project });
    expect(stderr).toContain("\\x1b]0;title\\x07.py");
    expect(stderr).not.toContain("\u001b");
  });
});

describe("the help", () => {
  test.each([
    [[], "glovebox doctor"],
    [["--help"], "glovebox serve"],
    [["help", "run"], "--on-output-limit"],
    [["run", "--help"], "Exit codes:"],
    [["doctor", "--help"], "--json"],
    [["languages", "--help"], "--json"],
    [["serve", "--help"], "--port"],
  ])("of %j is on stdout, in at most 100 columns", async (args, word) => {
    const { exitCode, stdout, stderr } = await glovebox(args);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain(word);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test("has the version of the package", async () => {
    expect((await glovebox(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
