import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openTestShell, type TestOptions, type TestRun } from "./test-host.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glovebox-shell-test-"));
  writeFileSync(join(folder, "a.txt"), "one\n");
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const run = async (line: string, options: Partial<TestOptions> = {}): Promise<TestRun> =>
  openTestShell({ folder, ...options }).run(line);

describe("a line with a command that is not there", () => {
  test.each([
    ["nosuch", "nosuch"],
    ["touch made; nosuch", "nosuch"],
    ["touch made && false && nosuch", "nosuch"],
    ["touch made | nosuch", "nosuch"],
    ["touch made; echo $(nosuch)", "nosuch"],
    ["touch made; for i in 1; do nosuch; done", "nosuch"],
    ["touch made; X=nosuch; $X", "nosuch"],
    ["touch made; ./nosuch.sh", "./nosuch.sh"],
    ["touch made; ''", ""],
    ["touch made; f() { nosuch; }", "nosuch"],
    ["touch made > out & nosuch", "nosuch"],
    ["if touch made; then :; else nosuch; fi", "nosuch"],
  ])("%s runs nothing, and names it", async (line, word) => {
    const { status, notes, commands } = await run(line);
    expect(status).toBe(127);
    expect(notes.join("\n")).toContain(`\`${word}\``);
    expect(commands).toEqual([]);
    expect(existsSync(join(folder, "made"))).toBe(false);
    expect(existsSync(join(folder, "out"))).toBe(false);
  });

  test("names all of them", async () => {
    const { notes } = await run("nosuch | nothere; echo");
    expect(notes).toHaveLength(2);
  });

  test("what only $(…) tells is found out when it runs", async () => {
    const { status, stdout } = await run("echo before; $(echo nosuch)");
    expect(status).toBe(127);
    expect(stdout).toBe("before\n");
  });

  test("a package is not there inside of a loop", async () => {
    const packages = [{ name: "tool", file: "/tool" }];
    const { status, notes } = await run("for i in 1; do tool; done", { packages });
    expect(status).toBe(127);
    expect(notes[0]).toContain("inside of a `bash`");
    expect((await run("tool a b", { packages })).stdout).toBe("package tool a b\n");
  });
});

describe("a line that is wrong", () => {
  test.each([
    "echo 'open",
    "echo $(",
    "a | | b",
    "if true",
    "echo )",
    "cat <<E\nno end",
    "done",
    "echo \\",
  ])("%j runs nothing", async (line) => {
    const { status, notes, commands } = await run(line);
    expect(status).toBe(2);
    expect(notes[0]).toContain("not understood");
    expect(commands).toEqual([]);
  });

  test.each([
    ["echo $((1 / 0))", "division by 0"],
    ["echo $((x y))", ""],
    ["X=(1 2)", "only bash"],
    ["echo hi 5>&9", "no file is open as 9"],
    ["echo ${X:?must be set}", "must be set"],
    ["exit abc", "no exit code"],
    ["cd nowhere", "can't be opened"],
    ["cd a.txt", "not a folder"],
    ["alias 'a b=c'", "name"],
    ["unalias none", "there is no"],
    ["export 1a=2", "no name"],
    ["set -x", "unknown"],
    ["kill %7", "no job"],
    ["echo {1..99999999}", "more than"],
    ["exec 3<>a.txt", ""],
    ["cat <> a.txt", "not understood"],
    ["echo a > *.nothing", ""],
  ])("%s fails by itself", async (line, text) => {
    const { status, notes } = await run(line);
    expect(status).toBe(text === "" ? status : 2);
    expect(notes.join()).toContain(text);
  });

  test("a very long one is refused", async () => {
    const { status, notes } = await run(`echo ${"x".repeat(1024 * 1024)}`);
    expect(status).toBe(2);
    expect(notes[0]).toContain("longer than");
  });

  test("aliases in a circle end", async () => {
    const shell = openTestShell({ folder });
    await shell.run("alias one=two two=one");
    const { status, notes } = await shell.run("one");
    expect(status).toBe(2);
    expect(notes[0]).toContain("circle");
  });
});

describe("redirections", () => {
  test("a file that nobody reads is closed with its command", async () => {
    const file = join(realpathSync(folder), "unread");
    writeFileSync(file, "x".repeat(1024 * 1024));
    await run("true < unread; echo a < unread < unread");
    const open = readdirSync("/proc/self/fd").flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return [];
      }
    });
    expect(open).not.toContain(file);
  });

  test.each([
    ["echo x > ../out", "outside of the workspace"],
    ["cat < /etc/hostname", "outside of the workspace"],
    ["echo x > link-out/f", "outside of the workspace"],
    ["cat < link-file", "outside of the workspace"],
    ["echo x >> link-file", "outside of the workspace"],
    ["echo x > new-link", ""],
    ["echo x > .git/config", "other programs act"],
    ["echo x > .envrc", "other programs act"],
    ["echo x > sub", "folder"],
    ["cat < nothing", "not there"],
    ["echo x > no/such/folder", "not there"],
    ["cat < ''", "no name"],
  ])("%s is refused", async (line, text) => {
    mkdirSync(join(folder, "sub"));
    mkdirSync(join(folder, ".git"));
    symlinkSync(tmpdir(), join(folder, "link-out"));
    symlinkSync("/etc/hostname", join(folder, "link-file"));
    symlinkSync(join(tmpdir(), "glovebox-made-by-a-link"), join(folder, "new-link"));
    const { status, notes, commands } = await run(line);
    expect(status).toBe(2);
    expect(notes[0]).toContain(text);
    expect(commands).toEqual([]);
    expect(existsSync(join(tmpdir(), "glovebox-made-by-a-link"))).toBe(false);
  });

  test("a link to a file of the workspace is that file", async () => {
    symlinkSync("a.txt", join(folder, "link"));
    const { stdout } = await run("echo two >> link; cat < link");
    expect(stdout).toBe("one\ntwo\n");
    expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("one\ntwo\n");
  });

  test("a script may read, and not write", async () => {
    expect((await run("cat < a.txt", { lines: "script" })).stdout).toBe("one\n");
    const { status, notes } = await run("echo x > a.txt", { lines: "script" });
    expect(status).toBe(2);
    expect(notes[0]).toContain("read-only");
    expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("one\n");
  });
});

describe("a script", () => {
  test("does not leave its workspace", async () => {
    const { status, notes } = await run("cd ..", { lines: "script" });
    expect(status).toBe(2);
    expect(notes[0]).toContain("leads out of the workspace");
  });

  test("sees no names outside of it", async () => {
    expect((await run("echo /etc/host*", { lines: "script" })).stdout).toBe("/etc/host*\n");
  });
});

describe("what programs get", () => {
  test("variables that are exported, and no others", async () => {
    const { commands } = await run("A=1; export B=2; C=3 env; env", {
      inherited: { SECRET: "s" },
    });
    expect(commands.map(({ env }) => env)).toEqual([{ B: "2", C: "3" }, { B: "2" }]);
  });

  test("a group is one bash, and that is said once", async () => {
    const { commands, notes } = await run(
      "X=1; for i in a b; do echo $X; done; for i in c; do :; done",
    );
    expect(commands).toHaveLength(2);
    expect(notes.filter((note) => note.includes("one `bash`"))).toHaveLength(1);
  });

  test("with one sandbox the whole line is one bash", async () => {
    const { commands, stdout } = await run("cat a.txt | sort; echo $((1+1))", {
      sandboxes: "shared",
    });
    expect(commands).toHaveLength(1);
    expect(stdout).toBe("one\n2\n");
  });
});

describe("builtins", () => {
  test("aliases hold from the next line on", async () => {
    const shell = openTestShell({ folder });
    await shell.run("alias ll='ls -1' ls='ls -a' count='wc -l |'");
    expect((await shell.run("ll")).stdout).toBe(".\n..\na.txt\n");
    expect((await shell.run("count cat; \\ls")).status).toBe(0);
    expect((await shell.run("unalias ll; alias")).stdout).not.toContain("ll");
  });

  test("the words of coderun's", async () => {
    const shell = openTestShell({ folder });
    expect((await shell.run("mode")).stdout).toBe("current mode: emacs\n");
    await shell.run("mode vi");
    expect((await shell.run("mode")).stdout).toBe("current mode: vim\n");
    expect((await shell.run("mode x")).stderr).toBe("invalid mode: x\n");
    expect((await shell.run("setprompt")).stderr).toBe("setprompt <prompt>\n");
    expect((await shell.run("help")).stderr).toMatch(/^commands:\n {4}help /);
  });

  test("history is searched whatever the case", async () => {
    expect((await run("history SEC")).stdout).toBe("    2  Second\n");
  });

  test("type tells what a word means", async () => {
    const { stdout, status } = await run("type cd ls nosuch");
    expect(stdout).toBe(
      "cd: a command of this shell\nls: a program of the sandbox\nnosuch: not found\n",
    );
    expect(status).toBe(1);
  });

  test("jobs go on beside the lines, and are waited for or ended", async () => {
    const shell = openTestShell({ folder });
    const { notes } = await shell.run("sleep 60 &");
    expect(notes).toEqual(["[1] sleep 60"]);
    expect((await shell.run("jobs")).stdout).toBe("[1] running  sleep 60\n");
    await shell.run("kill %1");
    expect((await shell.run("wait %1")).status).not.toBe(0);
  });
});
