/**
 * @module
 * Attacks on whoever reads the files that a program leaves.
 */
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { collectWallTimeMs, maxSkippedPaths } from "../../src/core/collected.ts";
import type { CollectedFiles, CollectRequest } from "../../src/core/collected.ts";
import { parseFilePath } from "../../src/core/file-path.ts";
import type { ProviderSandbox } from "../../src/core/provider.ts";
import { attackLimits } from "./attack.ts";
import { readyProgram } from "./programs.ts";
import { createSandbox, execute, type Field, skipWhereNamed } from "./run-attack.ts";
import { testWithMount } from "./test-with-mount.ts";

const MIB = 1024 * 1024;

const collect = (
  sandbox: ProviderSandbox,
  parts: Partial<CollectRequest> = {},
): Promise<CollectedFiles> =>
  sandbox.collect(
    { paths: ["."], maxFiles: 500, maxBytes: 4 * MIB, ...parts },
    new AbortController().signal,
  );

const python = (script: string): readonly string[] => ["/usr/bin/python3", "-c", script];

const namesOf = ({ files }: CollectedFiles): readonly string[] => files.map(({ path }) => path);

/** Nothing of the host, and only names that can be shown and written. */
function judge({ files, skipped }: CollectedFiles, { bait }: Field): void {
  for (const { path, content } of files) {
    expect(parseFilePath(path)).toEqual({ ok: true, path });
    const text = Buffer.from(content).toString("latin1");
    expect(text).not.toContain(bait.secret);
    expect(text).not.toMatch(/^root:/m);
  }
  for (const { path } of skipped) expect(path).not.toMatch(/\p{Cc}/u);
  expect(bait.damage()).toEqual([]);
}

export function describeCollecting(field: () => Field, mountGap: string | undefined): void {
  describeTraps(field);
  describeFloods(field);
  describeShared(field, mountGap);
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
  test(many, async (context) => {
    skipWhereNamed(context, field(), many);
    const limits = { ...attackLimits, memoryBytes: 512 * MIB, diskBytes: 256 * MIB };
    const times = { wallTimeMs: 15_000, cpuTimeMs: 15_000 };
    const script = `
import os
os.mkdir("d")
for number in range(110000): os.symlink("x", f"d/{number}")`;
    const sandbox = await createSandbox(field(), {}, limits, []);
    try {
      const { outcome } = await execute(field(), sandbox, python(script), {
        limits: { ...limits, ...times },
      });
      expect(outcome).toEqual({ kind: "exited", exitCode: 0 });
      const started = performance.now();
      const collected = await collect(sandbox);
      expect(performance.now() - started).toBeLessThan(collectWallTimeMs);
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

/** Of renameat2, by Node's name of the architecture. */
const exchangeCall: Readonly<Record<string, number>> = { x64: 316, arm64: 276 };

/** Puts things in each other's place, as quick as it can, until its stdin ends. */
const swapper = `
import ctypes, os, select, sys
open("file", "w").write("inside"); os.symlink("decoy/0", "link"); os.mkfifo("pipe")
os.mkdir("folder"); os.mkdir("decoy"); os.symlink("decoy", "folder-link")
for name in range(50):
    open(f"folder/{name}", "w").write("inside")
    open(f"decoy/{name}", "w").write("through a link")
print("swapping", flush=True)
syscall = ctypes.CDLL(None).syscall
here, exchange = ctypes.c_long(-100), ctypes.c_uint(2)
def swap_often(a, b):
    for _ in range(100):
        if syscall(${exchangeCall[process.arch] ?? 0}, here, a, here, b, exchange) != 0:
            os.rename(a, b".swap"); os.rename(b, a); os.rename(b".swap", b)
while not select.select([sys.stdin], [], [], 0)[0]:
    swap_often(b"file", b"link")
    swap_often(b"folder", b"folder-link")
    swap_often(b"file", b"pipe")
print("done")`;

/** Waits for a reader, and must not get one. */
const writer = `
import os, signal
os.mkfifo("pipe")
def end(*_):
    print("held: nobody opened it", flush=True); os._exit(0)
signal.signal(signal.SIGALRM, end); signal.alarm(2)
print("waiting", flush=True)
os.open("pipe", os.O_WRONLY)
print("ESCAPED: somebody opened it")`;

function describeShared(field: () => Field, mountGap: string | undefined): void {
  const scenario = testWithMount.bind(undefined, field, mountGap);
  const mounted = () => {
    const { workspace: hostPath } = field().bait;
    return { workspace: { kind: "mount", hostPath, access: "rw" } } as const;
  };

  /** Collects, once the accomplice has said `word`. */
  async function withAccomplice(
    script: string,
    word: string,
    use: (sandbox: ProviderSandbox) => Promise<void>,
  ): Promise<string> {
    const accomplice = await createSandbox(field(), mounted(), attackLimits, []);
    const sandbox = await createSandbox(field(), mounted(), attackLimits, []);
    const stdin = new PassThrough();
    try {
      let begin: () => void;
      const hasBegun = new Promise<void>((resolve) => (begin = resolve));
      const running = execute(field(), accomplice, python(script), {
        limits: attackLimits,
        stdin,
        onText: (text) => {
          if (text.includes(word)) begin();
        },
      });
      await Promise.race([hasBegun, running]);
      await use(sandbox).finally(() => stdin.end("end\n"));
      return (await running).stdout;
    } finally {
      await sandbox.destroy();
      await accomplice.destroy();
      field().bait.resetWorkspace();
    }
  }

  scenario("links of a mounted folder lead nobody out who collects", async () => {
    const sandbox = await createSandbox(field(), mounted(), attackLimits, []);
    try {
      const paths = ["up/secret.txt", "root/etc/shadow", "absolute", "inner/deep/relative"];
      const asked = await collect(sandbox, { paths });
      judge(asked, field());
      expect(asked.files).toEqual([]);
      const all = await collect(sandbox);
      judge(all, field());
      expect(namesOf(all)).toEqual(["given.txt", "inner/hard.txt"]);
    } finally {
      await sandbox.destroy();
    }
  });

  scenario("things that are swapped while they are collected mislead nobody", async () => {
    const below = Array.from({ length: 50 }, (_, name) => `folder/${name}`);
    const contents = new Set<string>();
    const stdout = await withAccomplice(swapper, "swapping", async (sandbox) => {
      for (const started = performance.now(); performance.now() - started < 3_000;) {
        const { files } = await collect(sandbox, { paths: ["file", "link", ...below] });
        for (const { content } of files) contents.add(String(content));
      }
      judge(await collect(sandbox), field());
    });
    expect([...contents]).toEqual(["inside"]);
    expect(stdout).toMatch(/^done$/m);
  });

  scenario("a pipe that somebody waits at is not opened", async () => {
    const stdout = await withAccomplice(writer, "waiting", async (sandbox) => {
      for (let round = 0; round < 3; round++) judge(await collect(sandbox), field());
    });
    expect(stdout).toContain("held: nobody opened it");
    expect(stdout).not.toContain("ESCAPED");
  });
}
