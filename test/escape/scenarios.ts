/**
 * @module
 * Attacks that need two runs, or a host that does something meanwhile.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { attackLimits } from "./attack.ts";
import { readyProgram } from "./programs.ts";
import { createSandbox, execute, type Field } from "./run-attack.ts";
import { testWithMount } from "./test-with-mount.ts";

const noEscape = (stdout: string): void => {
  expect(stdout.split("\n").filter((line) => line.startsWith("ESCAPED:"))).toEqual([]);
  expect(stdout).toMatch(/^done$/m);
};

export function describeScenarios(field: () => Field, mountGap: string | undefined): void {
  describeLeaks(field);
  describeQuotas(field);
  describeWorkspaceMoves(field, mountGap);
  describeSmuggling(field, mountGap);
  describeEnds(field);
  describeCounting(field);
}

/** The system call that ends one thread, by Node's name of the architecture. */
const exitOfThread: Readonly<Record<string, number>> = { x64: 60, arm64: 93 };

function describeCounting(field: () => Field): void {
  async function runPython(script: string) {
    const sandbox = await createSandbox(field(), {}, attackLimits, []);
    try {
      return await execute(field(), sandbox, ["python3", "-c", script], { limits: attackLimits });
    } finally {
      await sandbox.destroy();
    }
  }

  test("memory of a process whose first thread has ended counts", async () => {
    const { outcome } = await runPython(`
import ctypes, threading, time
def hold():
    time.sleep(0.1)
    held = bytearray(${attackLimits.memoryBytes * 1.5})
    for page in range(0, len(held), 4096): held[page] = 1
    time.sleep(3)
    print("ESCAPED: held it")
threading.Thread(target=hold).start()
ctypes.CDLL(None).syscall(${exitOfThread[process.arch] ?? 0}, 0)
`);
    expect(outcome).toMatchObject({ kind: "limit", limit: "memory" });
  });

  test.each(["SIGSEGV", "SIGUSR1"])(
    "a program that asks its parent to trace it still ends by %s",
    async (signal) => {
      const script = `import ctypes, os, signal; ctypes.CDLL(None).ptrace(0, 0, 0, 0); os.kill(os.getpid(), signal.${signal})`;
      const { outcome } = await runPython(script);
      expect(outcome).toEqual({ kind: "signaled", signal });
    },
  );
}

async function runLeak(
  field: Field,
  role: "plant" | "look",
): Promise<{ readonly text: string; readonly tries: number }> {
  const { file, argv } = readyProgram("leak.c", field.programFolder);
  const sandbox = await createSandbox(field, {}, attackLimits, [file]);
  try {
    const { stdout } = await execute(field, sandbox, [...argv, role], { limits: attackLimits });
    return { text: stdout, tries: stdout.match(/^held:/gm)?.length ?? 0 };
  } finally {
    await sandbox.destroy();
  }
}

function describeLeaks(field: () => Field): void {
  test("a run finds nothing of the run before: files, ipc, ports, processes", async () => {
    const planted = await runLeak(field(), "plant");
    noEscape(planted.text);
    const looked = await runLeak(field(), "look");
    noEscape(looked.text);
    expect(looked.tries).toBeGreaterThanOrEqual(15);
  });

  test("a run finds nothing of a run beside it", async () => {
    const { file, argv } = readyProgram("leak.c", field().programFolder);
    const planter = await createSandbox(field(), {}, attackLimits, [file]);
    try {
      const script = `${argv.join(" ")} plant; echo ready; read line`;
      const stdin = new PassThrough();
      let looked: Promise<{ text: string }> | undefined;
      await execute(field(), planter, ["/bin/sh", "-c", script], {
        limits: attackLimits,
        stdin,
        onText: (text) => {
          if (!text.includes("ready") || looked !== undefined) return;
          looked = runLeak(field(), "look").finally(() => stdin.end("go\n"));
        },
      });
      noEscape((await looked!).text);
    } finally {
      await planter.destroy();
    }
  });
}

/** What the kernel counts once for all, while a program holds all it can get of it. */
function describeQuotas(field: () => Field): void {
  const name = "what is counted for the whole host or user is not used up by a sandbox";
  test(name, async () => {
    const { file, argv } = readyProgram("host-quotas.c", field().programFolder);
    const limits = { ...attackLimits, openFiles: 1024 };
    const sandbox = await createSandbox(field(), {}, limits, [file]);
    const stdin = new PassThrough();
    const before = readQuotas();
    let during: Quotas | undefined;
    try {
      await execute(field(), sandbox, argv, {
        limits,
        stdin,
        onText: (text) => {
          if (!text.includes("ready")) return;
          during = readQuotas();
          stdin.end("go\n");
        },
      });
    } finally {
      await sandbox.destroy();
    }
    expect.soft(during!.asyncRequests - before.asyncRequests, "fs.aio-nr").toBeLessThan(4096);
    expect
      .soft(during!.pendingSignals - before.pendingSignals, "pending signals")
      .toBeLessThan(4096);
    expect.soft(during!.canWatchFiles, "inotify instances are left").toBe(true);
    if (field().differences[name] !== undefined) return;
    expect.soft(during!.terminals - before.terminals, "kernel.pty.nr").toBeLessThan(256);
  });
}

interface Quotas {
  readonly asyncRequests: number;
  readonly pendingSignals: number;
  readonly canWatchFiles: boolean;
  readonly terminals: number;
}

function readQuotas(): Quotas {
  const number = (path: string): number => Number(readFileSync(path, "utf8"));
  const status = readFileSync("/proc/self/status", "utf8");
  return {
    asyncRequests: number("/proc/sys/fs/aio-nr"),
    pendingSignals: Number(/^SigQ:\s(\d+)/m.exec(status)?.[1]),
    canWatchFiles: canWatchFiles(),
    terminals: number("/proc/sys/kernel/pty/nr"),
  };
}

/** In a process of its own: this one may have its instance already. */
function canWatchFiles(): boolean {
  const script = 'require("fs").watch("/usr", { persistent: false }).close()';
  try {
    execFileSync(process.execPath, ["-e", script], { stdio: "ignore", timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

function describeWorkspaceMoves(field: () => Field, mountGap: string | undefined): void {
  testWithMount(
    field,
    mountGap,
    "a folder that the host moves out of the workspace is no way out",
    async () => {
      const { bait } = field();
      const workspace = { kind: "mount", hostPath: bait.workspace, access: "rw" } as const;
      const sandbox = await createSandbox(field(), { workspace }, attackLimits, []);
      const moved = join(bait.folder, "moved");
      const script = [
        "cd inner/deep; echo inside; read line",
        "for up in .. ../.. ../../.. ../../../..; do",
        "  cat $up/secret.txt 2>/dev/null; ls $up 2>/dev/null | grep secret.txt",
        "done; echo done",
      ].join("\n");
      const stdin = new PassThrough();
      let hasMoved = false;
      try {
        const { stdout } = await execute(field(), sandbox, ["/bin/sh", "-c", script], {
          limits: attackLimits,
          stdin,
          onText: (text) => {
            if (!text.includes("inside")) return;
            renameSync(join(bait.workspace, "inner"), moved);
            hasMoved = true;
            stdin.end("go\n");
          },
        });
        expect(hasMoved).toBe(true);
        expect(stdout).not.toContain("secret");
        noEscape(stdout);
      } finally {
        await sandbox.destroy();
        renameSync(moved, join(bait.workspace, "inner"));
        bait.resetWorkspace();
      }
    },
  );
}

/** The receiver binds a socket in the shared folder and keeps every fd that it is sent. */
const receiver = `
import array, os, socket, sys
server = socket.socket(socket.AF_UNIX); server.bind("/workspace/drop"); server.listen(1)
print("listening", flush=True)
peer = server.accept()[0]
peer.recvmsg(1, socket.CMSG_SPACE(8)); peer.close()
print("has it", flush=True); sys.stdin.read()`;
const sender = `
import array, socket
peer = socket.socket(socket.AF_UNIX); peer.connect("/workspace/drop")
peer.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [1, 2]))])
peer.recv(1); print("trying: gave its streams away", flush=True)`;

function describeSmuggling(field: () => Field, mountGap: string | undefined): void {
  testWithMount(
    field,
    mountGap,
    "a run ends with its program, even if another sandbox holds its streams",
    async () => {
      const { bait } = field();
      const policy = {
        workspace: { kind: "mount", hostPath: bait.workspace, access: "rw" },
      } as const;
      const accomplice = await createSandbox(field(), policy, attackLimits, []);
      const sandbox = await createSandbox(field(), policy, attackLimits, []);
      const stdin = new PassThrough();
      try {
        let listening: () => void;
        const isListening = new Promise<void>((resolve) => (listening = resolve));
        const keeping = execute(field(), accomplice, ["/usr/bin/python3", "-c", receiver], {
          limits: attackLimits,
          stdin,
          onText: (text) => text.includes("listening") && listening(),
        });
        await isListening;
        const limits = { ...attackLimits, wallTimeMs: 2_000 };
        const run = execute(field(), sandbox, ["/usr/bin/python3", "-c", sender], { limits });
        const started = performance.now();
        expect((await run).stdout).toContain("gave its streams away");
        // The accomplice holds them until its own wall-time limit.
        expect(performance.now() - started).toBeLessThan(attackLimits.wallTimeMs / 2);
        stdin.end();
        await keeping;
      } finally {
        await sandbox.destroy();
        await accomplice.destroy();
        bait.resetWorkspace();
      }
    },
  );
}

function describeEnds(field: () => Field): void {
  test("a program that ends while the wall-time limit fires has one end", async () => {
    for (let wallTimeMs = 60; wallTimeMs <= 140; wallTimeMs += 8) {
      const limits = { ...attackLimits, wallTimeMs };
      const sandbox = await createSandbox(field(), {}, limits, []);
      const script = "sleep 0.1 & sleep 0.09; kill -9 $$";
      try {
        const { outcome } = await execute(field(), sandbox, ["/bin/sh", "-c", script], { limits });
        expect([
          { kind: "limit", limit: "wallTime", exitCode: null },
          { kind: "signaled", signal: "SIGKILL" },
        ]).toContainEqual(outcome);
      } finally {
        await sandbox.destroy();
      }
    }
  });
}
