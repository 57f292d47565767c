/**
 * @module
 * Attacks on whoever reads the files of a mounted folder, which others may change at the same time.
 */
import { PassThrough } from "node:stream";
import { expect } from "vitest";
import type { ProviderSandbox } from "../../src/core/provider.ts";
import { attackLimits } from "./attack.ts";
import { collect, judge, namesOf, python } from "./collecting.ts";
import { createSandbox, execute, type Field } from "./run-attack.ts";
import { testWithMount } from "./test-with-mount.ts";

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

export function describeMountedCollecting(field: () => Field, mountGap: string | undefined): void {
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

  const swapped = "things that are swapped while they are collected mislead nobody";
  scenario(swapped, async () => {
    const difference = field().differences[swapped];
    const below = Array.from({ length: 50 }, (_, name) => `folder/${name}`);
    const contents = new Set<string>();
    const stdout = await withAccomplice(swapper, "swapping", async (sandbox) => {
      for (const started = performance.now(); performance.now() - started < 3_000;) {
        const { files } = await collect(sandbox, { paths: ["file", "link", ...below] });
        for (const { content } of files) contents.add(String(content));
      }
      judge(await collect(sandbox), field());
    });
    const unexpected = [...contents].filter((content) => difference?.says?.test(content) !== true);
    expect(unexpected).toEqual(["inside"]);
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
