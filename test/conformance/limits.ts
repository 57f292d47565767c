/**
 * @module
 * Limits hold, and the outcome names the one that was hit.
 */
import { expect } from "vitest";
import { execIn, python, runOnce, sh, withSandbox } from "./harness.ts";
import type { Suite } from "./harness.ts";

const MIB = 1024 * 1024;

export function describeLimits(suite: Suite): void {
  describeWallTime(suite);
  describeCpuTime(suite);
  describeMemory(suite);
  describeProcesses(suite);
  describeDisk(suite);
  describeOpenFiles(suite);
}

function describeWallTime(suite: Suite): void {
  const { must } = suite;
  const wallTimeMs = 400;
  const programs: [what: string, argv: readonly string[]][] = [
    ["a program and its children", sh("sleep 60 & sleep 60")],
    ["a program that ignores signals", sh("trap '' TERM INT HUP; while :; do sleep 60; done")],
    ["a program that stopped itself", sh("kill -STOP $$")],
    ["a program that forks without end", sh("f() { sleep 0.02; f & }; f; wait; sleep 60")],
  ];
  for (const [what, argv] of programs) {
    must(`kills ${what} at the wall-time limit`, async () => {
      const limits = { wallTimeMs };
      await withSandbox(suite, {}, async (sandbox) => {
        const { outcome, usage } = await execIn(suite, sandbox, argv, { limits });
        expect(outcome).toMatchObject({ kind: "limit", limit: "wallTime" });
        expect(usage.wallTimeMs).toBeGreaterThanOrEqual(wallTimeMs);
        expect(usage.wallTimeMs).toBeLessThan(wallTimeMs + 1_000);
        const names = (await suite.leftovers().processes()).map((found) => found.commandLine);
        expect(names.filter((name) => /sleep|^sh/.test(name))).toEqual([]);
      });
    });
  }

  must("keeps what a program wrote before the wall-time limit", async () => {
    const { outcome, text } = await runOnce(suite, sh("echo before; sleep 60"), {
      limits: { wallTimeMs },
    });
    expect(outcome).toMatchObject({ kind: "limit", limit: "wallTime" });
    expect(text).toBe("before\n");
  });

  must("takes no further command after a limit", async () => {
    await withSandbox(suite, {}, async (sandbox) => {
      await execIn(suite, sandbox, sh("sleep 60"), { limits: { wallTimeMs: 100 } });
      await expect(execIn(suite, sandbox, sh("echo on"))).rejects.toMatchObject({
        code: "SANDBOX_FAILED",
      });
    });
  });
}

function describeCpuTime(suite: Suite): void {
  const { must } = suite;
  must("kills a busy program at the CPU-time limit", async () => {
    const { outcome, usage } = await runOnce(suite, sh("while :; do :; done"), {
      limits: { cpuTimeMs: 300 },
    });
    expect(outcome).toMatchObject({ kind: "limit", limit: "cpuTime" });
    expect(usage.cpuTimeMs).toBeGreaterThanOrEqual(290);
    expect(usage.cpuTimeMs).toBeLessThan(1_500);
  });

  must("adds up the CPU time of all processes, those that ended included", async () => {
    const burn = "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done";
    const { outcome } = await runOnce(suite, sh(`while :; do (${burn}); (${burn}); done`), {
      limits: { cpuTimeMs: 500 },
    });
    expect(outcome).toMatchObject({ kind: "limit", limit: "cpuTime" });
  });

  must("does not count a sleeping program's time as CPU time", async () => {
    const { outcome, usage } = await runOnce(suite, sh("sleep 0.6"), {
      limits: { cpuTimeMs: 300 },
    });
    expect(outcome).toEqual({ kind: "exited", exitCode: 0 });
    expect(usage.cpuTimeMs).toBeLessThan(200);
  });

  must("measures CPU time, that of children included", async () => {
    const burn = "import time\nwhile time.process_time() < 0.3: pass";
    const both = `import os\nif os.fork() == 0:\n  exec(${JSON.stringify(burn)})\n  os._exit(0)\n`;
    const { usage } = await runOnce(suite, python(`${both}os.wait()\n${burn}`));
    expect(usage.cpuTimeMs).toBeGreaterThanOrEqual(550);
    expect(usage.cpuTimeMs).toBeLessThan(2_000);
  });
}

function describeMemory(suite: Suite): void {
  const { must } = suite;
  must("kills a program that uses more memory than its limit", async () => {
    const { outcome } = await runOnce(suite, python("x = b'x' * (512 << 20); print('in')"), {
      limits: { memoryBytes: 64 * MIB },
    });
    expect(outcome).toMatchObject({ kind: "limit", limit: "memory" });
  });

  must("adds up the memory of all processes", async () => {
    const script = `
import os, time
for _ in range(6):
    if os.fork() == 0:
        x = b"x" * (40 << 20)
        time.sleep(20)
        os._exit(0)
for _ in range(6):
    if os.wait()[1] != 0: os.kill(os.getpid(), 9)
`;
    const limits = { memoryBytes: 128 * MIB };
    const { outcome } = await runOnce(suite, python(script), { limits });
    expect(outcome).toMatchObject({ kind: "limit", limit: "memory" });
  });

  must("lets a program use the memory that it has", async () => {
    const { text } = await runOnce(suite, python("x = b'x' * (100 << 20); print(len(x) >> 20)"), {
      limits: { memoryBytes: 200 * MIB },
    });
    expect(text).toBe("100\n");
  });

  must("measures the highest memory use", async () => {
    const { usage } = await runOnce(suite, python("x = b'x' * (60 << 20); del x"));
    expect(usage.peakMemoryBytes).toBeGreaterThan(60 * MIB);
    expect(usage.peakMemoryBytes).toBeLessThan(150 * MIB);
  });

  must("counts no files that an earlier command read as a command's memory", async () => {
    await withSandbox(suite, {}, async (sandbox) => {
      await execIn(suite, sandbox, python(readsColdFiles));
      // More than those, so that the peak is its own also where the kernel can't count anew.
      const { usage } = await execIn(suite, sandbox, python("x = b'x' * (120 << 20)"));
      // Absent where `memory` is missing.
      expect(usage.peakMemoryBytes ?? 0).toBeLessThan(170 * MIB);
    });
  });
}

/** Reads 96 MiB of files like a compiler that nobody has used for long: none of it is in memory. */
const readsColdFiles = `
import glob, os
left = 96 << 20
folders = ["/usr/lib/*-linux-*", "/usr/lib64", "/usr/lib", "/usr/bin"]
files = [f for folder in folders for f in glob.glob(folder + "/*") if os.path.isfile(f)]
for name in sorted(files, key=os.path.getsize, reverse=True):
    try: fd = os.open(name, os.O_RDONLY)
    except OSError: continue
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    while left > 0:
        got = len(os.read(fd, 1 << 20))
        left -= got
        if got == 0: break
    os.close(fd)
    if left <= 0: break
`;

function describeProcesses(suite: Suite): void {
  const { must } = suite;
  must("refuses more processes than the limit, and says so if the program then fails", async () => {
    const script = "import subprocess\nfor _ in range(50): subprocess.Popen(['sleep', '30'])";
    const { outcome, stderr } = await runOnce(suite, python(script), { limits: { processes: 8 } });
    expect(outcome).toEqual({ kind: "limit", limit: "processes", exitCode: 1 });
    expect(stderr.toString()).toContain("Resource temporarily unavailable");
  });

  must("counts threads as processes", async () => {
    // It lingers before it fails: without a cgroup, threads are only seen when they are sampled.
    const script = [
      "import threading, time",
      "try:",
      "    for _ in range(50): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
      "except RuntimeError:",
      "    time.sleep(0.2)",
      "    raise",
    ].join("\n");
    const { outcome } = await runOnce(suite, python(script), { limits: { processes: 8 } });
    expect(outcome).toMatchObject({ kind: "limit", limit: "processes" });
  });

  must("lets as many processes run as the limit says", async () => {
    const script =
      "import subprocess\np = [subprocess.Popen(['sleep', '30']) for _ in range(6)]\nprint(len(p))";
    const { outcome, text } = await runOnce(suite, python(script), { limits: { processes: 8 } });
    expect([outcome, text]).toEqual([{ kind: "exited", exitCode: 0 }, "6\n"]);
  });

  must("survives a fork bomb", async () => {
    const bomb = "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass";
    const { outcome } = await runOnce(suite, python(bomb), {
      limits: { processes: 16, wallTimeMs: 1_000 },
    });
    expect(outcome).toMatchObject({ kind: "limit" });
  });
}

function describeDisk(suite: Suite): void {
  const { must } = suite;
  const limits = { diskBytes: 4 * MIB };
  must("refuses to write more than the limit, and says so if the program then fails", async () => {
    const script = "head -c 16777216 /dev/zero > big || { wc -c < big; exit 6; }";
    const { outcome, text, stderr } = await runOnce(suite, sh(script), { limits });
    expect(outcome).toEqual({ kind: "limit", limit: "disk", exitCode: 6 });
    expect(Number(text)).toBeLessThanOrEqual(limits.diskBytes);
    expect(Number(text)).toBeGreaterThan(limits.diskBytes / 2);
    expect(stderr.toString()).toContain("No space left on device");
  });

  must("adds up all folders that can be written", async () => {
    const script =
      "for f in . /tmp /dev/shm; do head -c 2097152 /dev/zero > $f/big || exit 6; done";
    const { outcome } = await runOnce(suite, sh(script), { limits });
    expect(outcome).toEqual({ kind: "limit", limit: "disk", exitCode: 6 });
  });

  must("limits the number of files too", async () => {
    const script = "i = 0\nwhile i < 10_000_000:\n  open(f'f{i}', 'w').close(); i += 1";
    const { outcome } = await runOnce(suite, python(script), { limits });
    expect(outcome).toMatchObject({ kind: "limit", limit: "disk" });
  });

  must("lets a program write what it may", async () => {
    const { text } = await runOnce(suite, sh("head -c 2097152 /dev/zero > big; wc -c < big"), {
      limits,
    });
    expect(text.trim()).toBe("2097152");
  });
}

function describeOpenFiles(suite: Suite): void {
  suite.must("limits the open files of a process", async () => {
    const script = `
f = []
try:
    while True: f.append(open("/dev/null"))
except OSError as e:
    print(len(f), e.errno)
`;
    const { text } = await runOnce(suite, python(script), { limits: { openFiles: 32 } });
    const [count, errno] = text.trim().split(" ").map(Number);
    expect(errno).toBe(24);
    expect(count).toBeGreaterThan(20);
    expect(count).toBeLessThanOrEqual(32);
  });
}
