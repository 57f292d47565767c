/**
 * @module
 * How programs end, and what is left of them.
 */
import { expect } from "vitest";
import type { Outcome } from "../../src/core/outcome.ts";
import { execIn, file, runOnce, sh, waitForOutput, withSandbox } from "./harness.ts";
import type { Suite } from "./harness.ts";

export function describeEnds(suite: Suite): void {
  describeExits(suite);
  describeMissingPrograms(suite);
  describeChildren(suite);
}

function describeExits(suite: Suite): void {
  const { must } = suite;
  const ends: [script: string, outcome: Outcome][] = [
    ["exit 0", { kind: "exited", exitCode: 0 }],
    ["exit 3", { kind: "exited", exitCode: 3 }],
    ["exit 255", { kind: "exited", exitCode: 255 }],
    ["kill -TERM $$", { kind: "signaled", signal: "SIGTERM" }],
    ["kill -SEGV $$", { kind: "signaled", signal: "SIGSEGV" }],
    ["kill -KILL $$", { kind: "signaled", signal: "SIGKILL" }],
  ];
  for (const [script, outcome] of ends) {
    must(`tells how \`${script}\` ended`, async () => {
      expect((await runOnce(suite, sh(script))).outcome).toEqual(outcome);
    });
  }

  must("measures the time from start to end", async () => {
    const { usage } = await runOnce(suite, sh("sleep 0.2"));
    expect(usage.wallTimeMs).toBeGreaterThanOrEqual(200);
    expect(usage.wallTimeMs).toBeLessThan(2_000);
  });
}

function describeMissingPrograms(suite: Suite): void {
  const { must } = suite;
  must("a program that is not in PATH is exit code 127 and a message", async () => {
    const { outcome, stderr } = await runOnce(suite, ["no-such-program", "-x"]);
    expect(outcome).toEqual({ kind: "exited", exitCode: 127 });
    expect(stderr.toString()).toMatch(/no-such-program.*not found/);
  });

  must("a program that is not at its path is exit code 127 and a message", async () => {
    const { outcome, stderr } = await runOnce(suite, ["./no/such/program"]);
    expect(outcome).toEqual({ kind: "exited", exitCode: 127 });
    expect(stderr.toString()).toMatch(/no\/such\/program.*not found/);
  });

  must("a file without the executable bit is exit code 126 and a message", async () => {
    const files = [file("data.txt", "#!/bin/sh\nexit 0\n")];
    const { outcome, stderr } = await runOnce(suite, ["./data.txt"], {}, { files });
    expect(outcome).toEqual({ kind: "exited", exitCode: 126 });
    expect(stderr.toString()).toMatch(/data\.txt.*Permission denied/);
  });

  must("goes on after a command that could not be started", async () => {
    await withSandbox(suite, {}, async (sandbox) => {
      await execIn(suite, sandbox, ["no-such-program"]);
      const { text } = await execIn(suite, sandbox, sh("echo on"));
      expect(text).toBe("on\n");
    });
  });
}

function describeChildren(suite: Suite): void {
  const { must } = suite;
  const namesOf = async (): Promise<readonly string[]> =>
    (await suite.leftovers().processes()).map(({ commandLine }) => commandLine);

  must("kills what a command left in the background, before the next one", async () => {
    await withSandbox(suite, {}, async (sandbox) => {
      await execIn(suite, sandbox, sh("sleep 301 & sleep 302 & exit 0"));
      expect((await namesOf()).filter((name) => /sleep 30[12]/.test(name))).toEqual([]);
      const { outcome } = await execIn(suite, sandbox, sh("exit 0"));
      expect(outcome).toEqual({ kind: "exited", exitCode: 0 });
    });
  });

  must("kills a daemon that left its session and process group", async () => {
    await withSandbox(suite, {}, async (sandbox) => {
      const daemon = "setsid sh -c 'setsid sleep 303 & exec sleep 304' <&- >&- 2>&- & sleep 0.2";
      await execIn(suite, sandbox, sh(daemon));
      expect((await namesOf()).filter((name) => /sleep 30[34]/.test(name))).toEqual([]);
    });
  });

  must("does not wait for a child that holds the output open", async () => {
    const { outcome, usage, text } = await runOnce(suite, sh("echo out; sleep 305 & exit 4"));
    expect(outcome).toEqual({ kind: "exited", exitCode: 4 });
    expect(text).toBe("out\n");
    expect(usage.wallTimeMs).toBeLessThan(5_000);
  });

  must("does not count a child that became a zombie as the program", async () => {
    const { outcome, text } = await runOnce(suite, sh("(exit 9) & sleep 0.1; echo end; exit 5"));
    expect([outcome, text]).toEqual([{ kind: "exited", exitCode: 5 }, "end\n"]);
  });

  must("destroys a sandbox in which a command runs", async () => {
    const { seen, onOutput } = waitForOutput("ready");
    await withSandbox(suite, {}, async (sandbox) => {
      const running = execIn(suite, sandbox, sh("echo ready; sleep 306 & sleep 307"), { onOutput });
      const settled = Promise.allSettled([running]);
      await seen;
      await sandbox.destroy();
      await settled;
      expect((await namesOf()).filter((name) => /sleep 30[67]/.test(name))).toEqual([]);
    });
  });

  must("can be destroyed twice, and takes no command after it", async () => {
    await withSandbox(suite, {}, async (sandbox) => {
      await Promise.all([sandbox.destroy(), sandbox.destroy()]);
      await sandbox.destroy();
      await expect(execIn(suite, sandbox, sh("echo on"))).rejects.toMatchObject({
        code: "SANDBOX_FAILED",
      });
    });
  });
}
