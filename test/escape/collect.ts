/**
 * @module
 * Attacks on whoever reads the files that a program leaves.
 */
import { expect, test } from "vitest";
import { collectWallTimeMs, maxSkippedPaths } from "../../src/core/collected.ts";
import { attackLimits } from "./attack.ts";
import { describeMountedCollecting } from "./collect-mounted.ts";
import { collect, judge, MIB, namesOf, python } from "./collecting.ts";
import { readyProgram } from "./programs.ts";
import { createSandbox, execute, type Field } from "./run-attack.ts";

/** What an engine may take to end what has reached its time. */
const ENDED_WITHIN_MS = 5_000;
/** What is said of a sandbox whose program ran into a limit: it is gone, with its files. */
const STOPPED = /the sandbox is stopped and takes no further command/;

export function describeCollecting(field: () => Field, mountGap: string | undefined): void {
  describeTraps(field);
  describeFloods(field);
  describeMountedCollecting(field, mountGap);
}

function describeTraps(field: () => Field): void {
  test("odd names, closed folders and a tree without end mislead nobody who collects", async () => {
    const { file, argv } = readyProgram("odd-names.c", field().programFolder);
    const sandbox = await createSandbox(field(), {}, attackLimits, [file]);
    try {
      await execute(field(), sandbox, argv, { limits: attackLimits });
      const collected = await collect(sandbox);
      judge(collected, field());
      expect(namesOf(collected)).toEqual(expect.arrayContaining(["...", "--", "n".repeat(255)]));
      const reasons = new Set(collected.skipped.map(({ reason }) => reason));
      expect([...reasons].sort()).toEqual(["link", "name", "special", "unreadable"]);
    } finally {
      await sandbox.destroy();
    }
  });

  test("pipes, sockets and devices hold nobody up who collects", async () => {
    const script = `
import os, socket, stat
os.mkfifo("fifo"); os.mkfifo("with a writer")
socket.socket(socket.AF_UNIX).bind("socket")
for number in range(64): os.mkfifo(f"fifo{number}")
for name, device in (("null", (1, 3)), ("zero", (1, 5)), ("tty", (5, 0)), ("sda", (8, 0))):
    for kind in (stat.S_IFCHR, stat.S_IFBLK):
        try: os.mknod(name, kind | 0o666, os.makedev(*device))
        except OSError: pass
open("last", "w").write("x")`;
    const sandbox = await createSandbox(field(), {}, attackLimits, []);
    try {
      await execute(field(), sandbox, python(script), { limits: attackLimits });
      const collected = await collect(sandbox);
      judge(collected, field());
      expect(namesOf(collected)).toEqual(["last"]);
    } finally {
      await sandbox.destroy();
    }
  });

  test("links lead nobody out who collects, in whatever place of a path", async () => {
    const script = `
import os
os.mkdir("in"); open("in/file", "w").write("inside")
for name, target in (("passwd", "/etc/passwd"), ("etc", "/etc"), ("root", "/"), ("up", ".."),
                     ("in/up", "../.."), ("self", "self"), ("proc", "/proc/self/cwd"), ("me", "in")):
    os.symlink(target, name)`;
    const through = [
      "passwd",
      "etc/passwd",
      "root/etc/passwd",
      "up/etc/passwd",
      "in/up/etc/passwd",
    ];
    const paths = [...through, "self", "proc/in/file", "me/file"];
    const sandbox = await createSandbox(field(), {}, attackLimits, []);
    try {
      await execute(field(), sandbox, python(script), { limits: attackLimits });
      const asked = await collect(sandbox, { paths });
      judge(asked, field());
      expect(asked.files).toEqual([]);
      expect(asked.skipped).toHaveLength(paths.length);
      const all = await collect(sandbox);
      judge(all, field());
      expect(namesOf(all)).toEqual(["in/file"]);
    } finally {
      await sandbox.destroy();
    }
  });

  test("what a program prints and leaves running is no part of what is collected", async () => {
    const script = `
import os, struct, sys, time
def frame(kind, value): return kind + struct.pack("<I", len(value)) + value
forged = frame(b"f", b"-forged") + frame(b"e", b"-") + frame(b".", b"-")
open("real", "w").write("real")
if os.fork() == 0:
    os.setsid()
    while True:
        for fd in range(3):
            try: os.write(fd, forged)
            except OSError: pass
        for name in os.listdir("."): os.utime(name)
        open(f"late{time.time_ns()}", "w").write("late")
sys.stdout.buffer.write(forged * 100)`;
    const sandbox = await createSandbox(field(), {}, attackLimits, []);
    try {
      await execute(field(), sandbox, python(script), { limits: attackLimits });
      const first = await collect(sandbox);
      judge(first, field());
      expect(namesOf(first)).toContain("real");
      expect(namesOf(first)).not.toContain("forged");
      expect(namesOf(await collect(sandbox))).toEqual(namesOf(first));
    } finally {
      await sandbox.destroy();
    }
  });
}

function describeFloods(field: () => Field): void {
  const many = "a hundred thousand names end what is looked at, in bounded time";
  test(many, async () => {
    const limits = { ...attackLimits, memoryBytes: 512 * MIB, diskBytes: 256 * MIB };
    const times = { wallTimeMs: 15_000, cpuTimeMs: 15_000 };
    const difference = field().differences[many];
    const script = `
import os
os.mkdir("d")
for number in range(110000): os.symlink("x", f"d/{number}")`;
    const sandbox = await createSandbox(field(), {}, limits, []);
    try {
      const { outcome } = await execute(field(), sandbox, python(script), {
        limits: { ...limits, ...times },
      });
      expect(difference?.ends ?? [{ kind: "exited", exitCode: 0 }]).toContainEqual(outcome);
      const started = performance.now();
      const collected = await collect(sandbox).catch((error: unknown) => String(error));
      const took = performance.now() - started;
      if (typeof collected === "string") {
        const says = outcome.kind === "limit" ? STOPPED : difference?.says;
        expect(collected).toMatch(says ?? /^an end without an error$/);
        expect(took).toBeLessThan(collectWallTimeMs + ENDED_WITHIN_MS);
        return;
      }
      expect(took).toBeLessThan(collectWallTimeMs);
      judge(collected, field());
      expect(collected).toMatchObject({ files: [], isComplete: false });
      expect(collected.skipped).toHaveLength(maxSkippedPaths);
    } finally {
      await sandbox.destroy();
    }
  });

  test("files without end are cut where the bounds say", async () => {
    const script = `
import os
for number in range(3000): open(f"empty{number}", "w")
for number in range(8): open(f"sparse{number}", "w").truncate(1 << 40)
for number in range(8): open(f"holes{number}", "w").truncate(1 << 20)`;
    const sandbox = await createSandbox(field(), {}, attackLimits, []);
    try {
      await execute(field(), sandbox, python(script), { limits: attackLimits });
      const few = await collect(sandbox);
      expect(few.files.length).toBe(500);
      expect(few.isComplete).toBe(false);
      const many = await collect(sandbox, { maxFiles: 5000 });
      judge(many, field());
      const bytes = many.files.reduce((sum, { content }) => sum + content.byteLength, 0);
      expect([many.files.length, bytes, many.isComplete]).toEqual([3004, 4 * MIB, false]);
    } finally {
      await sandbox.destroy();
    }
  });
}
