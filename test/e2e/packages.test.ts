/**
 * @module
 * Packages as commands: approved once, run from the PATH, in pipes and on terminals.
 */
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { text } from "node:stream/consumers";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestTerminal, type TestTerminal } from "../helpers/terminal.ts";
import { glovebox, program, temporaryFolder, type CliResult } from "./cli-fixture.ts";

const folder = temporaryFolder();
const bin = join(folder.path, "bin");
const work = join(folder.path, "work");
const env = {
  XDG_STATE_HOME: join(folder.path, "state"),
  GLOVEBOX_NO_BUILD: "1",
  PATH: [bin, join(program, ".."), process.env["PATH"]].join(":"),
};
beforeAll(() => {
  for (const each of [bin, work]) mkdirSync(each);
});
afterAll(() => {
  folder.remove();
});

const manage = (...words: readonly string[]): Promise<CliResult> =>
  glovebox(["package", ...words], { cwd: work, env });

function write(name: string, body: string, into = bin): string {
  const file = join(into, name);
  writeFileSync(file, `#!/usr/bin/env glovebox\nglovebox: 1\nname: ${name}\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}

async function approved(name: string, body: string): Promise<string> {
  const file = write(name, body);
  expect(await manage("approve", "-y", file)).toMatchObject({ exitCode: 0 });
  return file;
}

/** By a shell, as its user would. */
async function shell(line: string, stdin = ""): Promise<Omit<CliResult, "stdoutBytes">> {
  const child = spawn("bash", ["-c", line], { cwd: work, env: { ...process.env, ...env } });
  child.stdin.on("error", () => undefined);
  child.stdin.end(stdin);
  const exited = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { stdout, stderr, exitCode: await exited };
}

const onTerminal = (line: string): TestTerminal =>
  openTestTerminal(["bash", "-c", line], { env, cwd: work, columns: 91, rows: 23 });

describe("an approved package is a command like any other", () => {
  test("with pipes, arguments, an exit code and paths of the folder", async () => {
    await approved(
      "up",
      "language: python\nscript: |\n  import sys\n  print(sys.stdin.read().upper() + str(sys.argv[1:]))\n  sys.exit(7)",
    );
    writeFileSync(join(work, "a.txt"), "from a file\n");
    await approved("show", "command: cat");
    expect(await shell("show a.txt | up 'two words' ''; echo ${PIPESTATUS[@]}")).toMatchObject({
      stdout: "FROM A FILE\n['two words', '']\n0 7\n",
      stderr: "",
    });
  });

  test("a reader that ends first ends it, without a word", async () => {
    await approved("flood", "command: [yes]\nworkspace: none");
    expect(await shell("flood | head -n 1; echo ${PIPESTATUS[0]}")).toMatchObject({
      stdout: "y\n141\n",
      stderr: "",
    });
  });

  test("on a terminal it has the terminal, in its size, and Ctrl-C", async () => {
    await approved(
      "size",
      "language: python\nscript: |\n  import os, time\n  print(os.get_terminal_size(2), flush=True)\n  time.sleep(60)",
    );
    const terminal = onTerminal("size; echo code $?");
    await terminal.until("columns=91, lines=23");
    terminal.type("\u0003");
    await terminal.until("code 130");
    expect(await terminal.ended).toBe(0);
  });

  test("it has only what it asked for", async () => {
    await approved(
      "look",
      "environment: [MINE, FIXED=1]\nworkspace: none\nlanguage: bash\nscript: |\n  echo $MINE $FIXED $OTHER; ls; ls ~ /root /home 2>&1 | wc -l; echo > /dev/tcp/127.0.0.1/9",
    );
    const told = await shell("MINE=yes OTHER=no look");
    expect(told.stdout).toMatch(/^yes 1\nmain\.sh\n/);
    expect(told.stderr).toMatch(/Connection refused/);
    expect(told.exitCode).toBe(1);
  });

  test("its script lies beside the folder that it works in, and nobody inside can change it", async () => {
    await approved(
      "beside",
      "workspace: rw\nlanguage: bash\nscript: |\n  pwd; echo made > made.txt; echo x >> $0",
    );
    const told = await shell("beside");
    expect(told.stdout).toBe("/workspace\n");
    expect(told.stderr).toContain("Read-only file system");
    expect(readFileSync(join(work, "made.txt"), "utf8")).toBe("made\n");
    expect(existsSync(join(work, "main.sh"))).toBe(false);
  });

  test("it starts where it says", async () => {
    mkdirSync(join(work, "sub"));
    await approved("where", "working_dir: sub\ncommand: pwd");
    expect(await shell("where")).toMatchObject({ stdout: "/workspace/sub\n" });
    await approved("where2", "working_dir: /tmp\nworkspace: none\nlanguage: bash\nscript: pwd");
    expect(await shell("where2")).toMatchObject({ stdout: "/tmp\n" });
  });

  test("its limits hold", async () => {
    await approved("slow", "command: [sleep, '30']\nlimits: { timeout: 300ms }");
    expect(await shell("slow")).toMatchObject({ exitCode: 124 });
  });

  test("without its program it says how to get it", async () => {
    await approved("lacks", "command: glovebox-none\ndebian: [glovebox-none]");
    expect(await shell("lacks")).toMatchObject({
      exitCode: 127,
      stderr: expect.stringContaining("apt-get install glovebox-none") as string,
    });
  });

  test("one of its program's name does not find itself", async () => {
    await approved("tr", "command: tr");
    expect(await shell("tr a-z A-Z", "abc")).toMatchObject({ stdout: "ABC" });
  });

  test("nothing is installed for it that nobody was asked about", async () => {
    const code = "# /// script\n  # dependencies = ['none']\n  # ///\n  print('ran')";
    await approved("plain", `language: python\nscript: |\n  ${code}\nworkspace: none`);
    expect(await shell("plain")).toEqual({ stdout: "ran\n", stderr: "", exitCode: 0 });
  });

  test("where approvals are kept it writes none", async () => {
    await approved("forge", "command: [touch, approved/forged]\nworkspace: rw");
    const place = join(env.XDG_STATE_HOME, "glovebox/packages");
    expect((await shell(`cd ${place} && forge`)).stderr).toContain("does not see this folder");
    expect(existsSync(join(place, "approved/forged"))).toBe(false);
    const flag = ["run", "--workspace", `${place}:rw`, "--", "true"];
    expect((await glovebox(flag, { env })).stderr).toContain("is Glovebox's own");
  });

  test("in a home it sees nothing of it, and says so", async () => {
    const told = await shell(`cd "$HOME" && show .bashrc; ls -d /root >/dev/null; true`);
    expect(told.stderr).toContain("show does not see this folder");
  });
});

describe("what is not approved does not run", () => {
  test("without a terminal it is an error, whatever is on stdin", async () => {
    write("new", "command: echo");
    expect(await shell("setsid -w new it runs", "y\ny\n")).toMatchObject({
      ...{ exitCode: 126, stdout: "" },
      stderr: expect.stringMatching(/nobody has approved it .*glovebox package approve/s) as string,
    });
  });

  test("on a terminal it is shown and asked about, once", async () => {
    write("wish", "command: [echo, granted]\nenvironment: [TOKEN]");
    const terminal = onTerminal("echo input | wish; echo code $?; wish; echo again $?");
    await terminal.until("It wants to:");
    await terminal.until("* Read the environment variable TOKEN");
    await terminal.until("[v]iew all of it:");
    await pause();
    terminal.type("x");
    await pause();
    terminal.type("y");
    await terminal.until("granted");
    await terminal.until("code 0");
    await terminal.until("again 0");
    expect(await terminal.ended).toBe(0);
    expect(terminal.shown().match(/Is this okay/g)).toHaveLength(1);
  });

  test("after a change only the difference is asked about, and a no keeps it from running", async () => {
    const file = await approved("change", "command: [echo, first]\nenvironment: [A]");
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace("first", "second").replace("[A]", "[A, B]"),
    );
    const terminal = onTerminal("change; echo code $?");
    await terminal.until("has changed since you approved it");
    await terminal.until("* Read the environment variable B");
    await terminal.until('+ command: ["echo","second"]');
    await terminal.until("[v]iew all of it:");
    await pause();
    terminal.type("n");
    await terminal.until("code 126");
    await terminal.ended;
    expect(terminal.shown()).not.toContain("variable A");
    expect(terminal.shown()).not.toMatch(/^second/m);
  });

  test("an older state of its file, which was approved once, is not any more", async () => {
    const file = await approved("older", "command: [echo, more]\nnetwork: all");
    const before = readFileSync(file, "utf8");
    await approved("older", "command: [echo, less]");
    writeFileSync(file, before);
    expect(await shell("setsid -w older")).toMatchObject({ exitCode: 126, stdout: "" });
  });

  test("what wants nothing of this machine is not asked about", async () => {
    write("harmless", "command: [echo, fine]\nworkspace: none");
    expect(await shell("setsid -w harmless")).toMatchObject({ exitCode: 0, stdout: "fine\n" });
  });

  test.each([
    ["an unknown key", "command: a\nprivileged: true", "privileged is not a known field"],
    ["a newer format", "command: a\nglovebox: 2", "is not YAML"],
  ])("with %s it is refused", async (_, body, message) => {
    write("bad", body);
    const told = await shell("bad");
    expect(told).toMatchObject({ exitCode: 2, stdout: "" });
    expect(told.stderr).toContain(message);
  });

  test("a file that is no package is refused, and a folder, and one that is not there", async () => {
    writeFileSync(join(work, "plain.sh"), "#!/bin/sh\necho ran\n");
    for (const [file, message] of [
      ["./plain.sh", "is no package"],
      ["./sub", "can't be read: EISDIR"],
      ["./none", "can't be read: ENOENT"],
      ["/dev/zero", "it is larger than"],
    ] as const) {
      const told = await glovebox([file], { cwd: work, env });
      expect([told.exitCode, told.stdout]).toEqual([2, ""]);
      expect(told.stderr).toContain(message);
    }
  });
});

describe("glovebox package", () => {
  const place = join(folder.path, "installed");

  test("init writes one that can be run", async () => {
    expect(await manage("init", "begin", "--command", "echo")).toMatchObject({ exitCode: 0 });
    expect(await manage("approve", "-y", "./begin")).toMatchObject({ exitCode: 0 });
    expect(await shell("./begin 1 2")).toMatchObject({ stdout: "1 2\n" });
    expect(await manage("init", "begin")).toMatchObject({ exitCode: 2 });
    expect(await manage("init", "begin2", "-l", "python")).toMatchObject({ exitCode: 0 });
    expect(await manage("audit", "./begin2")).toMatchObject({ exitCode: 0 });
  });

  test("add, list, show, update and remove go round, from a folder and from git", async () => {
    const index = join(folder.path, "index");
    mkdirSync(index);
    write("greet", "version: 1\ncommand: [echo, hello]", index);
    const git = (...words: readonly string[]): unknown =>
      execFileSync("git", ["-C", index, "-c", "user.name=a", "-c", "user.email=a@b", ...words]);
    git("init", "-q");
    git("add", ".");
    git("commit", "-qm", "one");
    const url = `file://${index}`;

    expect((await manage("search", "greet", "--index", url)).stdout).toMatch(/^NAME.*\ngreet +1/);
    const added = await manage("add", "greet", "--index", url, "--into", place, "-y");
    expect(added).toMatchObject({ exitCode: 0 });
    expect(await shell(`${place}/greet you`)).toMatchObject({ stdout: "hello you\n" });

    write("greet", "version: 2\ncommand: [echo, hi]", index);
    git("commit", "-qam", "two");
    expect(await manage("update", "greet", "-y")).toMatchObject({ exitCode: 0 });
    expect(await shell(`${place}/greet you`)).toMatchObject({ stdout: "hi you\n" });
    expect((await manage("update", "greet")).stderr).toContain("greet is up to date");

    const listed = JSON.parse((await manage("list", "--json")).stdout) as {
      readonly packages: readonly {
        readonly name: string;
        readonly version: string;
        readonly state: string;
      }[];
    };
    expect(listed.packages.find(({ name }) => name === "greet")).toMatchObject({
      ...{ version: "2", state: "approved" },
    });
    expect((await manage("show", "greet")).stdout).toBe(readFileSync(join(place, "greet"), "utf8"));
    expect(await manage("remove", "greet")).toMatchObject({ exitCode: 0 });
    expect(existsSync(join(place, "greet"))).toBe(false);
    expect(await manage("remove", "greet")).toMatchObject({ exitCode: 2 });
  });

  test("a program that was put in a package's place is neither overwritten nor removed", async () => {
    const file = write("once", "version: 1\ncommand: [echo, hello]");
    expect(await manage("add", file, "--into", place, "-y")).toMatchObject({ exitCode: 0 });
    const program = "#!/bin/sh\necho another\n";
    writeFileSync(join(place, "once"), program);
    write("once", "version: 2\ncommand: [echo, hello]");
    for (const words of [
      ["update", "once"],
      ["add", file, "--into", place],
    ]) {
      const { stderr } = await manage(...words, "-y");
      expect(stderr).toContain("is there already, and is no package that you added");
    }
    expect((await manage("list")).stdout).toMatch(/once +1 +changed/);
    expect(await manage("remove", "once")).toMatchObject({ exitCode: 0 });
    expect(readFileSync(join(place, "once"), "utf8")).toBe(program);
  });

  test("nothing is put in the place of what is no package", async () => {
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, "jq"), "mine");
    symlinkSync("/etc/passwd", join(place, "bc"));
    for (const name of ["jq", "bc"]) {
      const told = await manage("add", name, "--into", place, "-y");
      expect(told).toMatchObject({ exitCode: 2 });
      expect(told.stderr).toContain("is there already");
    }
    expect(readFileSync(join(place, "jq"), "utf8")).toBe("mine");
    rmSync(join(place, "jq"));
    rmSync(join(place, "bc"));
  });

  test("without a terminal nothing is added that nobody agreed to", async () => {
    const told = await shell(`setsid -w glovebox package add git --into ${place}`);
    expect(told).toMatchObject({ exitCode: 126 });
    expect(existsSync(join(place, "git"))).toBe(false);
  });

  test.each([
    [["add", "no-such-package", "-y"], "no index has a package"],
    [["add", "jq", "--name", "../jq", "-y"], "is no name for a command"],
    [["show", "no-such-package"], "there is no package `no-such-package` here"],
    [["update", "no-such-package"], "was not added from anywhere"],
    [["search", "--index", "/no/such"], "can't be read: ENOENT"],
    [["search", "--index", "file:///no/such"], "can't be read"],
    [["add", "--image", "Bad Name"], "is no name of an image"],
  ])("%j is refused with its reason", async (words, message) => {
    const told = await manage(...words);
    expect(told.exitCode).toBe(2);
    expect(told.stderr).toContain(message);
  });

  test("the schema that is published is the one that holds", async () => {
    const published = readFileSync(join(program, "../../docs/package.schema.json"), "utf8");
    expect((await manage("schema")).stdout).toBe(published);
    expect(basename(program)).toBe("glovebox");
  });
});

/** What was typed before a question could be read is no answer to it. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 500));
