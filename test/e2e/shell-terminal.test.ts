/**
 * @module
 * `glovebox shell` for somebody who types.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { skipWithoutMountedFolders } from "../helpers/mounted-folders.ts";
import { skipUnless } from "../helpers/require.ts";
import { openTestTerminal, type TestTerminal } from "../helpers/terminal.ts";
import { linuxGap, program, temporaryFolder } from "./cli-fixture.ts";

const gap = skipUnless("linux", linuxGap()) ?? skipWithoutMountedFolders();
const folder = temporaryFolder();
const project = join(folder.path, "project");
const historyFile = join(folder.path, "state/glovebox/shell-history");
const ctrl = (letter: string): string => String.fromCharCode(letter.charCodeAt(0) - 64);
const escape = "\u001b";

/** Keys in the first moment of a question are not for it. */
const GUARD_MS = 500;

const open: TestTerminal[] = [];
beforeAll(() => {
  mkdirSync(join(project, "sub"), { recursive: true });
  writeFileSync(join(project, "names.txt"), "Grace\nAda\n");
  chmodSync(folder.path, 0o755);
});
afterEach(() => {
  for (const terminal of open.splice(0)) terminal.kill();
});
afterAll(() => {
  folder.remove();
});

/** At its first prompt. */
async function openShell(...args: readonly string[]): Promise<TestTerminal> {
  const terminal = openTestTerminal([process.execPath, program, "shell", ...args], {
    cwd: project,
    env: { GLOVEBOX_NO_BUILD: "1", XDG_STATE_HOME: join(folder.path, "state") },
  });
  open.push(terminal);
  await terminal.until("» ");
  return terminal;
}

/** Types a line, and waits for what it shows and the next prompt. */
async function enter(terminal: TestTerminal, line: string, shown: string | RegExp): Promise<void> {
  terminal.type(`${line}\r`);
  await terminal.until(line);
  await terminal.until(shown);
  await terminal.until("» ");
}

describe.skipIf(gap !== undefined)(`at the prompt${gap === undefined ? "" : ` (${gap})`}`, () => {
  test("lines run, and Ctrl-D leaves", async () => {
    const terminal = await openShell();
    await enter(terminal, "cat names.txt | sort", "Ada\nGrace\n");
    await enter(terminal, "nosuch | cat", "`nosuch`: not found");
    await enter(terminal, "echo $?", "127\n");
    await enter(terminal, "cd sub", "");
    await enter(terminal, "pwd", "project/sub\n");
    terminal.type(ctrl("D"));
    await terminal.until("exit\n");
    expect(await terminal.ended).toBe(0);
  });

  test("programs have the terminal, and its size", async () => {
    const terminal = await openShell();
    await enter(terminal, "stty size", "30 140\n");
    terminal.type("sh\r");
    await terminal.until(/\$ $/);
    terminal.type("tty && exit 5\r");
    await terminal.until("/dev/pts/");
    await terminal.until("» ");
    await enter(terminal, "echo $?", "5\n");
  });

  test("Ctrl-C discards a line, ends a program, and leaves from an empty line", async () => {
    const terminal = await openShell();
    terminal.type("echo never");
    await terminal.until("echo never");
    terminal.type(ctrl("C"));
    await terminal.until("^C\n» ");
    for (const line of ["sleep 60; echo never", "sleep 60 | sleep 60; echo never"]) {
      terminal.type(`${line}\r`);
      await terminal.until(line);
      await expect.poll(() => sleepers(), { timeout: 10_000 }).toBeGreaterThan(0);
      terminal.type(ctrl("C"));
      await terminal.until("» ");
      await enter(terminal, "echo $?", "130\n");
    }
    expect(terminal.shown()).not.toContain("\nnever");
    terminal.type(ctrl("C"));
    expect(await terminal.ended).toBe(0);
  });

  test("Ctrl-Z does nothing", async () => {
    const terminal = await openShell();
    terminal.type(`ec${ctrl("Z")}ho still | cat\r`);
    await terminal.until("\nstill\n");
  });

  test("Ctrl-D ends a program's input, and not the shell", async () => {
    const terminal = await openShell();
    terminal.type("cat | tr a-z A-Z\r");
    await terminal.until("A-Z");
    terminal.type("first\r");
    await expect.poll(() => running("tr a-z A-Z"), { timeout: 10_000 }).toBe(1);
    terminal.type("second\r");
    await terminal.until("second");
    terminal.type(ctrl("D"));
    await terminal.until("FIRST\nSECOND\n» ");
    await enter(terminal, "echo there", "\nthere\n");
  });

  test("Tab completes commands, files and words of builtins", async () => {
    const terminal = await openShell();
    terminal.type("cat na\t");
    await terminal.until("cat names.txt ");
    terminal.type("\r");
    await terminal.until("Grace\nAda\n» ");
    terminal.type("mode v\t");
    await terminal.until("mode vi ");
    terminal.type(`${ctrl("U")}cd s\t`);
    await terminal.until("cd sub/");
  });

  test("a line that is open goes on", async () => {
    const terminal = await openShell();
    terminal.type("for i in 1 2\r");
    await terminal.until("> ");
    terminal.type("do echo line $i; done\r");
    await terminal.until("line 1\nline 2\n");
  });

  test("pasted lines run one after the other", async () => {
    const terminal = await openShell();
    terminal.type("echo one | cat\recho two | cat\r");
    await terminal.until(/\none\n» echo two \| cat\ntwo\n» /);
  });

  test("mode vi edits with vi's keys", async () => {
    const terminal = await openShell();
    await enter(terminal, "mode vi", "");
    terminal.type(`echo wrong word${escape}`);
    await terminal.until("word");
    terminal.type("0wdwiright\r");
    await terminal.until("\nrightword\n");
    await enter(terminal, "mode", "current mode: vim\n");
  });

  test("history is kept, and found whatever its case", async () => {
    const first = await openShell();
    await enter(first, "echo Remember | cat", "\nRemember\n");
    await enter(first, " echo secret", "\nsecret\n");
    first.type("bye\r");
    expect(await first.ended).toBe(0);
    expect(readFileSync(historyFile, "utf8")).toContain('"echo Remember | cat"\n');
    expect(readFileSync(historyFile, "utf8")).not.toContain("secret");
    const second = await openShell();
    second.type(`${ctrl("R")}REMEM`);
    await second.until("(reverse-i-search)`REMEM': echo Remember | cat");
    second.type("\r");
    await second.until("\nRemember\n");
    second.type(`${escape}[A`);
    await second.until("echo Remember | cat");
  });

  test("jobs end beside the lines, and with the shell", async () => {
    const terminal = await openShell();
    await enter(terminal, "sleep 0.2 &", "[1] sleep 0.2");
    await enter(terminal, "wait", "[1] done  sleep 0.2");
    await enter(terminal, "sleep 4322 &", "[1] sleep 4322");
    terminal.type("exit 3\r");
    expect(await terminal.ended).toBe(3);
    expect(sleepers("4322")).toBe(0);
  });

  test("a package is asked about in its turn, until it is agreed to", async () => {
    const text = "#!/usr/bin/env glovebox\nglovebox: 1\nname: tool\ncommand: cat\nworkspace: rw\n";
    writeFileSync(join(project, "tool"), text);
    const terminal = await openShell();
    const answerWith = async (key: string): Promise<void> => {
      await terminal.until("Is this okay? [y]es  [n]o  [v]iew all of it: ");
      await new Promise((resolve) => setTimeout(resolve, GUARD_MS));
      terminal.type(key);
    };
    terminal.type("./tool names.txt | sort\r");
    await answerWith("n");
    await terminal.until("you said no, and nothing was run");
    await terminal.until("» ");
    terminal.type("sort names.txt | ./tool | tail -1\r");
    await answerWith("y");
    await terminal.until("Grace\n");
    await terminal.until("» ");
    await enter(terminal, "./tool < names.txt", "Grace\nAda\n");
    rmSync(join(project, "tool"));
  });

  test("what the terminal answers to a program is not typed into the next line", async () => {
    const terminal = await openShell();
    for (const answer of [
      "\u001b]11;rgb:aaaa/bbbb/cccc\u001b\\",
      "\u001b]lecho forged\u0007",
      "\u001b[?62;22c",
      "\u001b[24;80R",
      "\u001bP1$r0m\u001b\\",
    ]) {
      terminal.type(answer);
    }
    await enter(terminal, "echo typed", "\ntyped\n");
  });

  test("setprompt sets it", async () => {
    const terminal = await openShell();
    terminal.type("setprompt 'my> '\r");
    await terminal.until("my> ");
  });
});

const sleepers = (seconds = "60"): number => running(`sleep ${seconds}`);

function running(command: string): number {
  const list = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
  return list.split("\n").filter((line) => line === command).length;
}
