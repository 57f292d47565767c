/**
 * @module
 * One sandbox: a running launcher, and the commands that it is given.
 */
import { constants } from "node:os";
import type { Command, OutputStream } from "../core/command.ts";
import type { Enforcement } from "../core/enforcement.ts";
import { GloveboxError } from "../core/errors.ts";
import type { Execution } from "../core/execution.ts";
import { outcomeLimits, type Outcome, type OutcomeLimit } from "../core/outcome.ts";
import type { ProviderSandbox } from "../core/provider.ts";
import type { Launcher } from "./launcher.ts";
import { encodeMessage, type Records } from "./message.ts";
import { forwardOutput } from "./output.ts";
import type { ExitStatus } from "./status-line.ts";

export interface SandboxParts {
  readonly id: string;
  /** The provider's name, for errors. */
  readonly provider: string;
  readonly launcher: Launcher;
  readonly enforcement: Enforcement;
  /** Called after the launcher's end. Does not throw. */
  readonly cleanUp: () => Promise<void>;
  /**
   * Asked when the launcher ended in the middle of a command: the limit whose hit took it along, or
   * undefined where the end is no fault of the program. Does not throw.
   */
  readonly explainDeath?: () => Promise<OutcomeLimit | undefined>;
  /** Whether the launcher can't report an end any more, though it did not end. Does not throw. */
  readonly isStuck?: () => Promise<boolean>;
}

/** What a launcher gets after the end of a command's time, or an abort, to report the end. */
const END_GRACE_MS = 3_000;

export function sandboxOf(parts: SandboxParts): ProviderSandbox {
  const { launcher } = parts;
  const failed = (step: string, what: string): GloveboxError =>
    sandboxFailed(parts.provider, step, what);
  let stopped = false;
  let stdinUsed = false;

  async function exec(command: Command, signal: AbortSignal): Promise<Execution> {
    if (stopped) throw failed("exec", "the sandbox is stopped and takes no further command");
    if (signal.aborted) {
      stopped = true;
      return canceled;
    }
    if (command.stdin !== "empty") {
      // The launcher's stdin ends with it: it can't be given to another command.
      if (stdinUsed) throw failed("exec", "only one command of a sandbox may have a stdin");
      stdinUsed = true;
    }
    try {
      const { execution, isOver } = await runCommand(parts, command, signal);
      stopped = isOver;
      return execution;
    } catch (error) {
      stopped = true;
      throw error;
    }
  }

  async function destroy(): Promise<void> {
    stopped = true;
    await launcher.end();
    await parts.cleanUp();
  }

  return {
    id: parts.id,
    enforcement: parts.enforcement,
    exec,
    kill: (name) => {
      launcher.send(encodeMessage([["signal", constants.signals[name]]]));
    },
    resize: ({ columns, rows }) => {
      launcher.send(encodeMessage([["resize", [String(columns), String(rows)]]]));
    },
    destroy,
    [Symbol.asyncDispose]: destroy,
  };
}

/** @returns With `isOver` where the sandbox takes no further command. */
async function runCommand(
  parts: SandboxParts,
  command: Command,
  signal: AbortSignal,
): Promise<{ readonly execution: Execution; readonly isOver: boolean }> {
  const { launcher } = parts;
  const { output, cancel } = connectOutput(command, launcher);
  const watch = watchEnd(parts, command, signal, output.isReaderBusy);
  let disconnectStdin: (() => void) | undefined;
  signal.addEventListener("abort", cancel, { once: true });
  const startedMs = performance.now();
  try {
    launcher.send(execMessage(command));
    disconnectStdin = connectStdin(command, launcher);
    const status = await nextExit(parts);
    if (status === undefined) {
      const execution = signal.aborted
        ? canceled
        : await explainDeath(parts, startedMs, watch.hasExpired());
      return { execution, isOver: true };
    }
    refuseForgedCounts(parts, command, status);
    await output.complete(status);
    const execution = executionOf(status);
    const hasEnded = ["exited", "signaled"].includes(execution.outcome.kind);
    return { execution, isOver: status.sandboxDead || !hasEnded };
  } finally {
    signal.removeEventListener("abort", cancel);
    watch.stop();
    disconnectStdin?.();
    output.stop();
  }
}

function connectOutput(command: Command, launcher: Launcher) {
  const output = forwardOutput(launcher, command, () => {
    cancel();
  });
  const cancel = (): void => {
    launcher.send(encodeMessage([["cancel", ""]]));
    // The launcher reports the end when all output is out of its hands, read by whomever.
    output.discard();
  };
  return { output, cancel };
}

interface Watch {
  /** Whether the command's time was over, and its launcher said nothing. */
  readonly hasExpired: () => boolean;
  readonly stop: () => void;
}

/**
 * The launcher keeps the time itself. One that was frozen or starved, by whomever, never reports: it
 * is ended, so that nobody waits for ever. Only a reader of ours may delay its word, while it lives.
 */
function watchEnd(
  { launcher, isStuck }: SandboxParts,
  { limits }: Command,
  signal: AbortSignal,
  isReaderBusy: () => boolean,
): Watch {
  if (isStuck === undefined) return { hasExpired: () => false, stop: () => undefined };
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let expired = false;
  const look = async (): Promise<void> => {
    const mayWait = isReaderBusy() && !signal.aborted && !(await isStuck());
    if (stopped) return;
    if (mayWait) {
      arm(END_GRACE_MS);
      return;
    }
    expired = true;
    await launcher.end();
  };
  const arm = (delayMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), delayMs);
  };
  const onAbort = (): void => {
    arm(END_GRACE_MS);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  if (limits.wallTimeMs !== "unlimited") arm(limits.wallTimeMs + END_GRACE_MS);
  return {
    hasExpired: () => expired,
    stop: () => {
      signal.removeEventListener("abort", onAbort);
      clearTimeout(timer);
      stopped = true;
    },
  };
}

function connectStdin({ stdin }: Command, launcher: Launcher): () => void {
  if (stdin === "empty") return () => undefined;
  // What can't be read is an end to the program; without a listener it would end this process.
  const onError = (): void => void launcher.stdin.end();
  stdin.on("error", onError).pipe(launcher.stdin);
  return () => stdin.off("error", onError).unpipe(launcher.stdin);
}

export function sandboxFailed(
  provider: string,
  step: string,
  what: string,
  cause?: unknown,
): GloveboxError<"SANDBOX_FAILED"> {
  const message = `${provider}: ${what}. Run \`glovebox doctor\`.`;
  return new GloveboxError("SANDBOX_FAILED", message, { provider, step }, { cause });
}

const canceled: Execution = {
  outcome: { kind: "canceled" },
  usage: { wallTimeMs: 0, cpuTimeMs: 0 },
  droppedBytes: { stdout: 0, stderr: 0 },
};

function ttyRecords({ tty }: Command): Records {
  return tty === undefined ? [] : [["tty", [String(tty.columns), String(tty.rows)]]];
}

function execMessage(command: Command): Buffer {
  const microseconds = (ms: number | "unlimited"): string =>
    ms === "unlimited" ? ms : String(Math.ceil(ms * 1000));
  return encodeMessage([
    ["exec", ""],
    ...command.argv.map((word) => ["argv", word] as const),
    ...Object.entries(command.env).map(([name, value]) => ["env", `${name}=${value}`] as const),
    ["cwd", command.cwd],
    ["stdin", command.stdin === "empty" ? "empty" : "pipe"],
    ...ttyRecords(command),
    ["wall-us", microseconds(command.limits.wallTimeMs)],
    ["cpu-us", microseconds(command.limits.cpuTimeMs)],
    ["output-bytes", String(command.limits.outputBytes)],
    ["at-output-limit", command.onOutputLimit],
  ]);
}

/** Undefined where the launcher ended without a word. */
async function nextExit({ launcher, provider }: SandboxParts): Promise<ExitStatus | undefined> {
  for (;;) {
    const line = await launcher.nextStatus();
    if (line === undefined) return undefined;
    if (line.kind === "exit") return line;
    if (line.kind === "error") throw sandboxFailed(provider, "run", line.text);
    throw sandboxFailed(provider, "run", `unexpected status \`${line.kind}\``);
  }
}

/** More than the launcher may pass on: it is not the launcher that speaks. */
function refuseForgedCounts(
  { provider }: SandboxParts,
  { limits: { outputBytes } }: Command,
  { stdout, stderr }: ExitStatus,
): void {
  if (outputBytes === "unlimited" || Math.max(stdout, stderr) <= outputBytes) return;
  throw sandboxFailed(provider, "run", "the launcher counts more output than it may pass on");
}

async function explainDeath(
  parts: SandboxParts,
  startedMs: number,
  hasExpired: boolean,
): Promise<Execution> {
  const { launcher, provider } = parts;
  const limit = hasExpired ? "wallTime" : await parts.explainDeath?.();
  if (limit === undefined) {
    const how = launcher.failure() ?? "the launcher ended in the middle of a run";
    throw sandboxFailed(provider, "run", how);
  }
  return {
    outcome: { kind: "limit", limit, exitCode: null },
    usage: { wallTimeMs: performance.now() - startedMs },
    droppedBytes: { stdout: 0, stderr: 0 },
  };
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
