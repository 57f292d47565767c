/**
 * @module
 * One sandbox: a running launcher, and the commands that it is given.
 */
import { constants } from "node:os";
import type { Command } from "../core/command.ts";
import type { Enforcement } from "../core/enforcement.ts";
import { GloveboxError, isGloveboxError } from "../core/errors.ts";
import type { Execution } from "../core/execution.ts";
import type { OutcomeLimit } from "../core/outcome.ts";
import type { ProviderSandbox } from "../core/provider.ts";
import { changesRecords, readChanges } from "./changes.ts";
import { collectFiles, collectRecords } from "./collect.ts";
import { argvRecords, execMessage, withPipes, type CommandSetting } from "./exec-message.ts";
import { canceled, executionOf } from "./execution.ts";
import type { Launcher } from "./launcher.ts";
import { encodeMessage, type Records } from "./message.ts";
import { forwardOutput } from "./output.ts";
import type { ExitStatus } from "./status-line.ts";
import { watchEnd } from "./watch-end.ts";

export interface SandboxParts {
  readonly id: string;
  /** The provider's name, for errors. */
  readonly provider: string;
  readonly launcher: Launcher;
  readonly enforcement: Enforcement;
  /** Of the first exec message: what it has besides, or in the place of its program. */
  readonly first?: { readonly records: Records; readonly isParked: boolean };
  /** Whether the launcher runs on this machine, where `Command.hostPipes` are. Default: no. */
  readonly opensHostPipes?: true;
  /** Called after the launcher's end. Does not throw. */
  readonly cleanUp: () => Promise<void>;
  /**
   * Asked when the launcher ended in the middle of a command: the limit whose hit took it along, or
   * undefined where the end is no fault of the program. Does not throw.
   */
  readonly explainDeath?: () => Promise<OutcomeLimit | undefined>;
  /**
   * Whether the launcher can't report an end any more, though it did not end. Does not throw. Absent: only
   * that it says nothing tells.
   */
  readonly isStuck?: () => Promise<boolean>;
  /** For how long the time of commands has stood still so far, in all. Absent: never. */
  readonly heldMs?: () => number;
}

export function sandboxOf(parts: SandboxParts): ProviderSandbox {
  const { launcher } = parts;
  const turns = createTurns(parts);
  let stdinUsed = false;
  let first = parts.first;
  const programOf = (command: Command): Records => {
    const { records = [], isParked = false } = first ?? {};
    first = undefined;
    return isParked ? records : [...records, ...argvRecords(command)];
  };
  const sendFiles = (): void => {
    const { records = [] } = first ?? {};
    first = undefined;
    if (records.length > 0) launcher.send(encodeMessage(records));
  };

  async function exec(wanted: Command, signal: AbortSignal): Promise<Execution> {
    turns.refuseUnlessIdle("exec");
    const command = withPipes(wanted, parts.opensHostPipes === true && first?.isParked !== true);
    if (signal.aborted) {
      turns.stop();
      return canceled;
    }
    if (command.stdin !== "empty") {
      // The launcher's stdin ends with it: it can't be given to another command.
      if (stdinUsed) {
        throw sandboxFailed(parts.provider, "exec", "only one of its commands may have a stdin");
      }
      stdinUsed = true;
    }
    return turns.run("exec", command, programOf(command), signal);
  }

  async function destroy(): Promise<void> {
    turns.stop();
    await launcher.end();
    await parts.cleanUp();
  }

  return {
    id: parts.id,
    enforcement: parts.enforcement,
    exec,
    ...readingOf(parts, turns, sendFiles),
    kill: (name) => {
      if (turns.current() !== "exec") return;
      launcher.send(encodeMessage([["signal", constants.signals[name]]]));
    },
    resize: ({ columns, rows }) => {
      launcher.send(encodeMessage([["resize", [String(columns), String(rows)]]]));
    },
    destroy,
    [Symbol.asyncDispose]: destroy,
  };
}

/** What is read in the place of a command. */
function readingOf(
  parts: SandboxParts,
  turns: Turns,
  sendFiles: () => void,
): Required<Pick<ProviderSandbox, "collect" | "readChanges">> {
  return {
    collect: async (request, signal) => {
      sendFiles();
      const program = collectRecords(request);
      const read = async (run: RunReader) => collectFiles(request, run);
      return readIn(parts, turns, { step: "collect", program, read }, signal);
    },
    readChanges: async (request, signal) => {
      const program = changesRecords(request);
      const read = async (run: RunReader) => readChanges(request, run);
      return readIn(parts, turns, { step: "readChanges", program, read }, signal);
    },
  };
}

type RunReader = (setting: CommandSetting) => Promise<Execution>;

/** What the launcher does in the place of a program, and what is made of its output. */
interface Reading<T> {
  readonly step: "collect" | "readChanges";
  readonly program: Records;
  readonly read: (run: RunReader) => Promise<T>;
}

async function readIn<T>(
  { provider }: SandboxParts,
  turns: Turns,
  { step, program, read }: Reading<T>,
  signal: AbortSignal,
): Promise<T> {
  turns.refuseUnlessIdle(step);
  try {
    signal.throwIfAborted();
    return await read((setting) => turns.run(step, setting, program, signal));
  } catch (error) {
    turns.stop();
    signal.throwIfAborted();
    if (isGloveboxError(error)) throw error;
    const reason = `the sandbox's files can't be read: ${(error as Error).message}`;
    throw sandboxFailed(provider, step, reason, error);
  }
}

type Turns = ReturnType<typeof createTurns>;

/** One at a time, until one of them ends the sandbox. */
function createTurns(parts: SandboxParts) {
  type Step = "exec" | "collect" | "readChanges";
  let current: Step | undefined;
  let stopped = false;
  return {
    current: () => current,
    stop: (): void => {
      stopped = true;
    },
    refuseUnlessIdle: (step: Step): void => {
      const reason = stopped
        ? "the sandbox is stopped and takes no further command"
        : "the sandbox still runs another command";
      if (stopped || current !== undefined) throw sandboxFailed(parts.provider, step, reason);
    },
    run: async (
      step: Step,
      command: CommandSetting,
      program: Records,
      signal: AbortSignal,
    ): Promise<Execution> => {
      current = step;
      try {
        const { execution, isOver } = await runCommand(parts, command, program, signal);
        stopped ||= isOver;
        return execution;
      } catch (error) {
        stopped = true;
        throw error;
      } finally {
        current = undefined;
      }
    },
  };
}

/** @returns With `isOver` where the sandbox takes no further command. */
async function runCommand(
  parts: SandboxParts,
  command: CommandSetting,
  program: Records,
  signal: AbortSignal,
): Promise<{ readonly execution: Execution; readonly isOver: boolean }> {
  const { launcher } = parts;
  const { output, cancel } = connectOutput(command, launcher);
  const watch = watchEnd(parts, command, signal, output.isReaderBusy);
  let disconnectStdin: (() => void) | undefined;
  signal.addEventListener("abort", cancel, { once: true });
  const startedMs = performance.now();
  try {
    launcher.send(execMessage(command, program));
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

function connectOutput(command: CommandSetting, launcher: Launcher) {
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

function connectStdin({ stdin }: CommandSetting, launcher: Launcher): () => void {
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
  { limits: { outputBytes } }: CommandSetting,
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
