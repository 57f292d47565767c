/**
 * @module
 * Input and output: every byte arrives, or is counted.
 */
import { createHash, randomBytes } from "node:crypto";
import { PassThrough, Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { file, python, runOnce, sh } from "./harness.ts";
import type { Suite } from "./harness.ts";

const MIB = 1024 * 1024;

export function describeStreams(suite: Suite): void {
  describeOutput(suite);
  describeOutputLimit(suite);
  describeBackPressure(suite);
  describeInput(suite);
}

function describeOutput(suite: Suite): void {
  const { must } = suite;
  must("keeps stdout and stderr apart", async () => {
    const { stdout, stderr } = await runOnce(suite, sh("printf out; printf err >&2; printf more"));
    expect([stdout.toString(), stderr.toString()]).toEqual(["outmore", "err"]);
  });

  must("hands over every byte as it is", async () => {
    const bytes = Buffer.concat([
      Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i)),
      randomBytes(200_000),
    ]);
    const files = [file("data.bin", bytes)];
    const { stdout } = await runOnce(suite, ["cat", "data.bin"], {}, { files });
    expect(stdout.equals(bytes)).toBe(true);
  });

  must("hands over 32 MiB of unlimited output", async () => {
    const script =
      "import sys\nfor i in range(1024): sys.stdout.buffer.write(bytes([i % 251]) * 32768)";
    const { stdout, droppedBytes } = await runOnce(suite, python(script), {
      limits: { outputBytes: "unlimited" },
    });
    const expected = createHash("sha256");
    for (let i = 0; i < 1024; i++) expected.update(Buffer.alloc(32_768, i % 251));
    expect(stdout.byteLength).toBe(32 * MIB);
    expect(createHash("sha256").update(stdout).digest("hex")).toBe(expected.digest("hex"));
    expect(droppedBytes).toEqual({ stdout: 0, stderr: 0 });
  });

  must("hands over all of the output of a program that ends at once", async () => {
    const { stdout } = await runOnce(suite, sh("head -c 60000 /dev/zero"));
    expect(stdout.byteLength).toBe(60_000);
  });
}

function describeOutputLimit(suite: Suite): void {
  const { must } = suite;
  const limits = { outputBytes: 1000 };
  must("keeps the first bytes of a flood and counts the rest", async () => {
    const script = "yes | head -c 300000; yes no | head -c 2500 >&2; exit 7";
    const { outcome, stdout, stderr, droppedBytes } = await runOnce(suite, sh(script), { limits });
    expect(outcome).toEqual({ kind: "exited", exitCode: 7 });
    expect(stdout.toString()).toBe("y\n".repeat(500));
    expect(stderr.byteLength).toBe(1000);
    expect(droppedBytes).toEqual({ stdout: 299_000, stderr: 1500 });
  });

  must("drops nothing of output that is exactly as long as the limit", async () => {
    const { outcome, stdout, droppedBytes } = await runOnce(suite, sh("yes | head -c 1000"), {
      limits,
      onOutputLimit: "kill",
    });
    expect(outcome).toEqual({ kind: "exited", exitCode: 0 });
    expect(stdout.byteLength).toBe(1000);
    expect(droppedBytes).toEqual({ stdout: 0, stderr: 0 });
  });

  const floods: [what: string, argv: readonly string[], stream: "stdout" | "stderr"][] = [
    ["an endless flood", ["yes"], "stdout"],
    ["an endless flood on stderr", sh("yes >&2"), "stderr"],
    ["a program that ended by itself", sh("yes | head -c 1001"), "stdout"],
  ];
  for (const [what, argv, stream] of floods) {
    must(`ends at the output limit where it shall: ${what}`, async () => {
      const result = await runOnce(suite, argv, { limits, onOutputLimit: "kill" });
      expect(result.outcome).toMatchObject({ kind: "limit", limit: "output" });
      expect(result[stream].byteLength).toBe(1000);
      expect(result.droppedBytes[stream]).toBeGreaterThanOrEqual(1);
    });
  }
}

function describeBackPressure(suite: Suite): void {
  const { must } = suite;
  must("a slow reader slows the program down", async () => {
    const wallTimeMs = 600;
    const script =
      "import sys\nfor _ in range(64): sys.stdout.buffer.write(b'x' * (1 << 20))\nsys.stdout.flush(); sys.stderr.write('done')";
    let hold: Promise<void> | undefined;
    const { outcome, stderr } = await runOnce(suite, python(script), {
      limits: { wallTimeMs, outputBytes: "unlimited" },
      onOutput: (stream) => {
        if (stream === "stdout") return (hold ??= sleep(wallTimeMs + 400));
        return undefined;
      },
    });
    expect(stderr.toString()).toBe("");
    expect(outcome).toMatchObject({ kind: "limit", limit: "wallTime" });
  });

  must("a slow reader loses nothing", async () => {
    const { stdout, outcome } = await runOnce(suite, sh("head -c 3000000 /dev/zero"), {
      limits: { outputBytes: "unlimited" },
      onOutput: () => sleep(1),
    });
    expect([stdout.byteLength, outcome]).toEqual([3_000_000, { kind: "exited", exitCode: 0 }]);
  });
}

function describeInput(suite: Suite): void {
  const { must } = suite;
  must("an empty stdin is at its end", async () => {
    const { outcome, text } = await runOnce(suite, sh("cat; echo end"));
    expect([outcome, text]).toEqual([{ kind: "exited", exitCode: 0 }, "end\n"]);
  });

  must("passes 8 MiB through", async () => {
    const bytes = randomBytes(8 * MIB);
    const { stdout } = await runOnce(suite, ["cat"], {
      stdin: Readable.from([bytes.subarray(0, 5), bytes.subarray(5)]),
      limits: { outputBytes: "unlimited" },
    });
    expect(stdout.equals(bytes)).toBe(true);
  });

  must("a program need not read its stdin", async () => {
    const stdin = Readable.from([randomBytes(8 * MIB)]);
    const { outcome } = await runOnce(suite, sh("exit 3"), { stdin });
    expect(outcome).toEqual({ kind: "exited", exitCode: 3 });
  });

  must("a program may end before an endless stdin does", async () => {
    const stdin = new Readable({
      read() {
        this.push(Buffer.alloc(65_536));
      },
    });
    const { outcome, stdout } = await runOnce(suite, ["head", "-c", "100000"], { stdin });
    expect([outcome, stdout.byteLength]).toEqual([{ kind: "exited", exitCode: 0 }, 100_000]);
    expect(stdin.destroyed).toBe(false);
    stdin.destroy();
  });

  must("input and output flow while the program runs", async () => {
    const stdin = new PassThrough();
    const answers: string[] = [];
    stdin.write("1\n");
    const { outcome } = await runOnce(suite, ["cat"], {
      stdin,
      onOutput: (_stream, chunk) => {
        answers.push(chunk.toString());
        if (answers.length < 3) stdin.write(`${answers.length + 1}\n`);
        else stdin.end();
      },
    });
    expect([answers, outcome]).toEqual([["1\n", "2\n", "3\n"], { kind: "exited", exitCode: 0 }]);
  });

  must("the end of one command's stdin is not that of the next", async () => {
    const read = sh("cat; cat; echo end");
    const first = await runOnce(suite, read, { stdin: Readable.from(["one "]) });
    const second = await runOnce(suite, read, { stdin: Readable.from(["two "]) });
    expect([first.text, second.text]).toEqual(["one end\n", "two end\n"]);
  });
}
