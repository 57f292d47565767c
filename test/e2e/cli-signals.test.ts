import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { readdirSync, readFileSync } from "node:fs";
import { listProcesses } from "../helpers/leftovers.ts";
import { skipUnless } from "../helpers/require.ts";
import {
  glovebox,
  linuxGap,
  resultOf,
  startCli,
  untilText,
  type CliProcess,
} from "./cli-fixture.ts";

const gap = skipUnless("linux", linuxGap());

/** A program that says `ready` and then waits; `marker` finds it among the host's processes. */
function startProgram(script: string, marker: string): CliProcess {
  return startCli(["run", "-l", "bash", "-c", script, marker]);
}

describe.skipIf(gap !== undefined)(`signals${gap ? ` (${gap})` : ""}`, () => {
  test.each<[NodeJS.Signals, number]>([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ])("%s reaches the program, and its end is %i", async (signal, expected) => {
    const marker = `marker-${signal}-${process.pid}`;
    const child = startProgram("echo ready; sleep 30 & wait; sleep 30", marker);
    const result = resultOf(child);
    await untilText(child.stdout, "ready");
    expect(processesWith(marker)).not.toEqual([]);
    child.kill(signal);
    expect((await result).exitCode).toBe(expected);
    expect(processesWith(marker)).toEqual([]);
  });

  test("let a program tidy up and choose its exit code", async () => {
    const script = "trap 'echo tidied; exit 7' INT; echo ready; while :; do sleep 0.05; done";
    const child = startProgram(script, "");
    const result = resultOf(child);
    await untilText(child.stdout, "ready");
    child.kill("SIGINT");
    expect(await result).toMatchObject({ exitCode: 7, stdout: "ready\ntidied\n" });
  });

  test("end a program that ignores them at the second one", async () => {
    const marker = `marker-deaf-${process.pid}`;
    const script = "trap 'echo heard' INT; echo ready; while :; do sleep 0.05; done";
    const child = startProgram(script, marker);
    const result = resultOf(child);
    await untilText(child.stdout, "ready");
    child.kill("SIGINT");
    await untilText(child.stdout, "heard");
    child.kill("SIGINT");
    expect((await result).exitCode).toBe(130);
    expect(processesWith(marker)).toEqual([]);
  });

  test("end a program that ignores SIGTERM some seconds later", async () => {
    const script = "trap '' TERM; echo ready; while :; do sleep 0.05; done";
    const child = startProgram(script, "");
    const result = resultOf(child);
    await untilText(child.stdout, "ready");
    child.kill("SIGTERM");
    expect((await result).exitCode).toBe(143);
  });
});

describe.skipIf(gap !== undefined)("kill -9 of a run and of its launcher", () => {
  test("leaves no cgroup after the next runs, which say nothing about it", async () => {
    const child = startProgram("echo ready; sleep 60", "");
    const result = resultOf(child);
    await untilText(child.stdout, "ready");
    const family = (await listProcesses()).filter(({ parent }) => parent === child.pid);
    expect(family).not.toEqual([]);
    for (const pid of [child.pid ?? 0, ...family.map((launcher) => launcher.pid)]) {
      process.kill(pid, "SIGKILL");
    }
    await result;
    // What is left now a run of another test may remove, too. Usually the first one does it; while the kernel still tidies up, it leaves it to another.
    for (let runs = 0; runs < 5 && (runs === 0 || cgroupsOf(child).length > 0); runs++) {
      const next = await glovebox(["run", "-l", "bash", "-c", "echo next"]);
      expect(next).toMatchObject({ exitCode: 0, stdout: "next\n", stderr: "" });
    }
    expect(cgroupsOf(child)).toEqual([]);
  });
});

describe.skipIf(gap !== undefined)("the streams", () => {
  test("end the run quietly when nobody reads the output any more", async () => {
    const marker = `marker-head-${process.pid}`;
    const child = startProgram("yes", marker);
    const result = resultOf(child).catch(() => undefined);
    const exit = once(child, "exit");
    await untilText(child.stdout, "y\n");
    child.stdout.destroy();
    expect(await exit).toEqual([141, null]);
    await result;
    expect(processesWith(marker)).toEqual([]);
  });

  test("bring output while the program is running, and input as it is typed", async () => {
    const child = startProgram('while read -r line; do echo "got $line"; done; echo end', "");
    const result = resultOf(child);
    for (const word of ["one", "two"]) {
      child.stdin.write(`${word}\n`);
      await untilText(child.stdout, `got ${word}`);
    }
    child.stdin.end();
    expect(await result).toMatchObject({ exitCode: 0, stdout: "got one\ngot two\nend\n" });
  });

  test("do not keep us waiting for input that the program does not want", async () => {
    const child = startProgram("echo done", "");
    expect(await resultOf(child)).toMatchObject({ exitCode: 0, stdout: "done\n" });
  });

  test("hold a program up that writes faster than we are read", async () => {
    const child = startProgram("head -c 200M /dev/zero; echo", "");
    child.stdin.end();
    child.stderr.resume();
    const exit = once(child, "close");
    let bytes = 0;
    let peakBytes = 0;
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      if (bytes % 64 < 2) peakBytes = Math.max(peakBytes, residentBytes(child.pid));
    }
    expect((await exit)[0]).toBe(0);
    expect(bytes).toBe(200 * 1024 ** 2 + 1);
    expect(peakBytes).toBeGreaterThan(0);
    expect(peakBytes).toBeLessThan(150 * 1024 ** 2);
  });

  test("are colourless where they are no terminal", async () => {
    const { stderr } = await glovebox(["run", "--timeout", "50ms", "-l", "bash", "-c", "sleep 9"]);
    expect(stderr).toBe("glovebox: stopped: ran longer than 50ms (--timeout)\n");
  });
});

/** The host's processes with this word on their command line, the CLI itself left out. */
function processesWith(marker: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => readOrEmpty(`/proc/${pid}/cmdline`))
    .filter((line) => line.includes(marker) && !line.includes("bin/glovebox"));
}

/** The cgroups of a CLI, wherever this host has them. */
function cgroupsOf({ pid }: CliProcess): readonly string[] {
  const args = ["/sys/fs/cgroup", "-type", "d", "-name", `glovebox-*-${pid}-*`];
  // Others' cgroups may go while find(1) walks: its exit code says nothing.
  const { stdout } = spawnSync("find", args, { encoding: "utf8" });
  return stdout.split("\n").filter((line) => line !== "");
}

/** VmRSS; see proc_pid_status(5). 0 where the process is gone. */
function residentBytes(pid: number | undefined): number {
  const [, kib = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(readOrEmpty(`/proc/${pid}/status`)) ?? [];
  return Number(kib) * 1024;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
