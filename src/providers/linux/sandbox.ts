/**
 * @module
 * One sandbox of the linux provider: a running launcher, and the commands that it is given.
 */
import { constants } from "node:os";
import { rmdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command, OutputStream } from "../../core/command.ts";
import type { Enforcement } from "../../core/enforcement.ts";
import { GloveboxError } from "../../core/errors.ts";
import type { Execution } from "../../core/execution.ts";
import { outcomeLimits, type Outcome } from "../../core/outcome.ts";
import type { ProviderSandbox } from "../../core/provider.ts";
import type { LauncherProcess } from "./launcher-process.ts";
import { encodeMessage } from "./message.ts";
import { forwardOutput } from "./output.ts";
import type { ExitStatus } from "./status-line.ts";

export function sandboxOf(
  id: string,
  launcher: LauncherProcess,
  enforcement: Enforcement,
  cgroupPaths: readonly string[],
): ProviderSandbox {
  let stopped = false;
  let stdinUsed = false;

  async function exec(command: Command, signal: AbortSignal): Promise<Execution> {
    if (stopped) throw sandboxFailed("exec", "the sandbox is stopped and takes no further command");
    if (signal.aborted) {
      stopped = true;
      return canceledBeforeStart;
    }
    const { output, cancel } = connectOutput(command, launcher);
    let disconnectStdin: (() => void) | undefined;
    if (command.stdin !== "empty") {
      // The launcher's stdin ends with it: it can't be given to another command.
      if (stdinUsed) throw sandboxFailed("exec", "only one command of a sandbox may have a stdin");
      stdinUsed = true;
    }
    signal.addEventListener("abort", cancel, { once: true });
    try {
      launcher.send(execMessage(command));
      disconnectStdin = connectStdin(command, launcher);
      const status = await nextExit(launcher);
      await output.complete(status);
      const execution = executionOf(status);
      stopped = status.sandboxDead || !["exited", "signaled"].includes(execution.outcome.kind);
      return execution;
    } catch (error) {
      stopped = true;
      throw error;
    } finally {
      signal.removeEventListener("abort", cancel);
      disconnectStdin?.();
      output.stop();
    }
  }

  async function destroy(): Promise<void> {
    stopped = true;
    await launcher.end();
    // A launcher that was killed could not clean up itself.
    if (launcher.failure() !== undefined) await removeCgroups(cgroupPaths);
  }

  return {
    id,
    enforcement,
    exec,
    kill: (name) => {
      launcher.send(encodeMessage([["signal", constants.signals[name]]]));
    },
    destroy,
    [Symbol.asyncDispose]: destroy,
  };
}

function connectOutput({ onOutput }: Command, launcher: LauncherProcess) {
  const output = forwardOutput(launcher, onOutput, () => {
    cancel();
  });
  const cancel = (): void => {
    launcher.send(encodeMessage([["cancel", ""]]));
    // The launcher reports the end when all output is out of its hands, read by whomever.
    output.discard();
  };
  return { output, cancel };
}

function connectStdin({ stdin }: Command, launcher: LauncherProcess): () => void {
  if (stdin === "empty") return () => undefined;
  // What can't be read is an end to the program; without a listener it would end this process.
  const onError = (): void => void launcher.stdin.end();
  stdin.on("error", onError).pipe(launcher.stdin);
  return () => stdin.off("error", onError).unpipe(launcher.stdin);
}

export function sandboxFailed(
  step: string,
  what: string,
  cause?: unknown,
): GloveboxError<"SANDBOX_FAILED"> {
  const message = `linux: ${what}. Run \`glovebox doctor\`.`;
  return new GloveboxError("SANDBOX_FAILED", message, { provider: "linux", step }, { cause });
}

/**
 * The kernel needs a moment between the end of the last process and an empty cgroup.
 *
 * @param signal Its abort ends the wait.
 */
export async function removeCgroups(paths: readonly string[], signal?: AbortSignal): Promise<void> {
  for (const path of paths) {
    for (let attempt = 0; attempt < 100 && !removed(path); attempt++) {
      if (signal?.aborted === true) return;
      await sleep(20);
    }
  }
}

function removed(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

const canceledBeforeStart: Execution = {
  outcome: { kind: "canceled" },
  usage: { wallTimeMs: 0, cpuTimeMs: 0 },
  droppedBytes: { stdout: 0, stderr: 0 },
};

function execMessage(command: Command): Buffer {
  const microseconds = (ms: number | "unlimited"): string =>
    ms === "unlimited" ? ms : String(Math.ceil(ms * 1000));
  return encodeMessage([
    ["exec", ""],
    ...command.argv.map((word) => ["argv", word] as const),
    ...Object.entries(command.env).map(([name, value]) => ["env", `${name}=${value}`] as const),
    ["cwd", command.cwd],
    ["stdin", command.stdin === "empty" ? "empty" : "pipe"],
    ["wall-us", microseconds(command.limits.wallTimeMs)],
    ["cpu-us", microseconds(command.limits.cpuTimeMs)],
    ["output-bytes", String(command.limits.outputBytes)],
    ["at-output-limit", command.onOutputLimit],
  ]);
}

async function nextExit(launcher: LauncherProcess): Promise<ExitStatus> {
  const line = await launcher.nextStatus();
  if (line === undefined) {
    throw sandboxFailed("run", launcher.failure() ?? "the launcher ended in the middle of a run");
  }
  if (line.kind === "error") throw sandboxFailed("run", line.text);
  if (line.kind !== "exit") throw sandboxFailed("run", `unexpected status \`${line.kind}\``);
  return line;
}

function executionOf(status: ExitStatus): Execution {
  const droppedBytes: Record<OutputStream, number> = {
    stdout: status.droppedStdout,
    stderr: status.droppedStderr,
  };
  return {
    outcome: outcomeOf(status),
    usage: {
      wallTimeMs: status.wallUs / 1000,
      cpuTimeMs: status.cpuUs / 1000,
      peakMemoryBytes: status.peakBytes,
    },
    droppedBytes,
  };
}

function outcomeOf(status: ExitStatus): Outcome {
  if (status.limit === "canceled") return { kind: "canceled" };
  const exitCode = status.signal === 0 ? status.code : null;
  const limit = outcomeLimits.find((name) => name === status.limit);
  if (limit !== undefined) return { kind: "limit", limit, exitCode };
  if (exitCode !== null) return { kind: "exited", exitCode };
  return { kind: "signaled", signal: signalName(status.signal) };
}

/** Real-time signals have no name in Node; the shell's numbering is kept for them. */
function signalName(number: number): NodeJS.Signals {
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return (name ?? `SIG${number}`) as NodeJS.Signals;
}
