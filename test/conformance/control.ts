/**
 * @module
 * The caller's hand on a running program: abort and signals.
 */
import { expect } from "vitest";
import { execIn, runOnce, sh, specOf, waitForOutput, withSandbox } from "./harness.ts";
import type { Suite } from "./harness.ts";

export function describeControl(suite: Suite): void {
  describeAbort(suite);
  describeSignals(suite);
}

function describeAbort(suite: Suite): void {
  const { must } = suite;
  must("creates no sandbox for a caller who has gone", async () => {
    const reason = new Error("gone");
    const created = suite.provider().create(specOf(suite), AbortSignal.abort(reason));
    await expect(created).rejects.toBe(reason);
  });

  must("starts nothing after an abort", async () => {
    const signal = AbortSignal.abort();
    const { outcome, text } = await runOnce(suite, sh("echo started"), { signal });
    expect([outcome, text]).toEqual([{ kind: "canceled" }, ""]);
  });

  must("an abort ends a program and its children", async () => {
    const controller = new AbortController();
    const { seen, onOutput } = waitForOutput("ready");
    const script = "trap '' TERM INT HUP; sleep 401 & echo ready; sleep 402";
    const running = runOnce(suite, sh(script), { signal: controller.signal, onOutput });
    await seen;
    controller.abort();
    const { outcome, text } = await running;
    expect([outcome, text]).toEqual([{ kind: "canceled" }, "ready\n"]);
    const names = (await suite.leftovers().processes()).map(({ commandLine }) => commandLine);
    expect(names.filter((name) => /sleep 40[12]/.test(name))).toEqual([]);
  });

  must("an abort does not wait for a reader that hangs", async () => {
    const controller = new AbortController();
    const running = runOnce(suite, ["yes"], {
      signal: controller.signal,
      limits: { outputBytes: "unlimited" },
      onOutput: () => {
        controller.abort();
        return new Promise(() => undefined);
      },
    });
    expect((await running).outcome).toEqual({ kind: "canceled" });
  });

  must("an abort after the end changes nothing", async () => {
    const controller = new AbortController();
    await withSandbox(suite, {}, async (sandbox) => {
      const { signal } = controller;
      const { outcome } = await execIn(suite, sandbox, sh("exit 3"), { signal });
      controller.abort();
      expect(outcome).toEqual({ kind: "exited", exitCode: 3 });
      expect((await execIn(suite, sandbox, sh("echo on"))).text).toBe("on\n");
    });
  });
}

function describeSignals(suite: Suite): void {
  const { must } = suite;
  const handlers: [what: string, script: string, text: string][] = [
    [
      "the program",
      "trap 'echo got; exit 7' TERM; echo ready; while :; do sleep 0.05; done",
      "ready\ngot\n",
    ],
    [
      "its children",
      "trap 'wait; exit 7' TERM; (trap 'echo got; exit' TERM; echo ready; while :; do sleep 0.05; done) & wait",
      "ready\ngot\n",
    ],
  ];
  for (const [what, script, text] of handlers) {
    must(`a signal reaches ${what}`, async () => {
      await withSandbox(suite, {}, async (sandbox) => {
        const { seen, onOutput } = waitForOutput("ready");
        const running = execIn(suite, sandbox, sh(script), { onOutput });
        await seen;
        sandbox.kill("SIGTERM");
        const result = await running;
        expect([result.outcome, result.text]).toEqual([{ kind: "exited", exitCode: 7 }, text]);
      });
    });
  }

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const) {
    must(`${signal} ends a program that does not handle it`, async () => {
      await withSandbox(suite, {}, async (sandbox) => {
        const { seen, onOutput } = waitForOutput("ready");
        const running = execIn(suite, sandbox, sh("echo ready; exec sleep 60"), { onOutput });
        await seen;
        sandbox.kill(signal);
        expect((await running).outcome).toEqual({ kind: "signaled", signal });
      });
    });
  }

  must("a signal between two commands reaches neither", async () => {
    await withSandbox(suite, {}, async (sandbox) => {
      sandbox.kill("SIGTERM");
      await execIn(suite, sandbox, sh("exit 0"));
      sandbox.kill("SIGKILL");
      expect((await execIn(suite, sandbox, sh("echo on"))).text).toBe("on\n");
    });
  });
}
