/**
 * @module
 * A sandbox of one command: a run of a function.
 */
import { randomUUID } from "node:crypto";
import type { CollectedFiles } from "../../core/collected.ts";
import type { Command } from "../../core/command.ts";
import type { Enforcement } from "../../core/enforcement.ts";
import type { Execution } from "../../core/execution.ts";
import { invalidRequest } from "../../core/errors.ts";
import type { ProviderSandbox } from "../../core/provider.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import { abortable } from "../../util/abortable.ts";
import { readCommandAnswer, readEventAnswer, type ReadAnswer } from "./answer.ts";
import { maxVariablesBytes } from "./bounds.ts";
import { clipOutput } from "./clip-output.ts";
import { enforcementOf, memoryMibOf, refuseMissing, temporaryMibOf } from "./enforcement.ts";
import {
  eventOfCommand,
  eventOfStdin,
  readStdin,
  timeoutSecondsOf,
  wallTimeMsOf,
} from "./event.ts";
import { sandboxFailed } from "./failures.ts";
import type { SandboxFunction, Settings } from "./function-of-sandbox.ts";
import type { FunctionPackage } from "./package.ts";
import { targetOf, type FunctionTarget } from "./target.ts";

export interface LambdaSandboxParts {
  readonly spec: SandboxSpec;
  readonly package: FunctionPackage;
  readonly function: SandboxFunction;
  /** Called with the log of a command's run: START, END, REPORT. */
  readonly onLog: (log: string) => void;
}

const canceled: Execution = {
  outcome: { kind: "canceled" },
  usage: { wallTimeMs: 0 },
  droppedBytes: { stdout: 0, stderr: 0 },
};

export function createLambdaSandbox(parts: LambdaSandboxParts): ProviderSandbox {
  const destroying = new AbortController();
  let enforcement: Enforcement = enforcementOf(parts.spec, "command");
  let isUsed = false;
  let running: Promise<unknown> = Promise.resolve();
  let destroyed: Promise<void> | undefined;

  const exec = async (command: Command, signal: AbortSignal): Promise<Execution> => {
    if (isUsed || destroying.signal.aborted) throw refused("it has had its one command");
    if (command.tty !== undefined) throw refused("a function has no terminal");
    isUsed = true;
    const startedMs = performance.now();
    const either = AbortSignal.any([signal, destroying.signal]);
    const isOver = (): boolean => either.aborted;
    if (isOver()) return canceled;
    const work = async (): Promise<Execution> => {
      const planned = planCommand(parts.spec, command, parts.package.files);
      ({ enforcement } = planned);
      const answer = await run(parts, command, planned, either);
      const { output, execution } = clipOutput(answer, command);
      for (const [stream, chunk] of output) await command.onOutput(stream, chunk);
      return execution;
    };
    const working = work();
    running = working.catch(() => undefined);
    try {
      return await abortable(working, either);
    } catch (error) {
      if (!isOver()) throw error;
      return { ...canceled, usage: { wallTimeMs: performance.now() - startedMs } };
    }
  };

  const destroy = (): Promise<void> => {
    destroying.abort(new Error("the sandbox was destroyed"));
    return (destroyed ??= running.then(() => parts.function.destroy()));
  };

  return {
    id: randomUUID(),
    get enforcement() {
      return enforcement;
    },
    exec,
    collect: (): Promise<CollectedFiles> =>
      Promise.reject(
        sandboxFailed(
          "collect",
          "files can't be read out of a function. Print them, or use another provider.",
        ),
      ),
    // No signal reaches a function: who wants to end it stops waiting. It ends by its Timeout.
    kill: () => {
      if (isUsed) destroying.abort(new Error("it was ended"));
    },
    resize: () => undefined,
    destroy,
    [Symbol.asyncDispose]: destroy,
  };
}

/** A limit that nobody asked for is not missed. */
function asFarAsAsked(enforcement: Enforcement, { limits }: Pick<Command, "limits">): Enforcement {
  const isAsked = limits.cpuTimeMs !== "unlimited";
  return isAsked
    ? enforcement
    : { ...enforcement, cpuTime: { ...enforcement.cpuTime, level: "weaker" } };
}

interface PlannedCommand {
  readonly target: FunctionTarget;
  readonly wallTimeMs: number;
  readonly settings: Settings;
  /** What holds in it. */
  readonly enforcement: Enforcement;
}

/** @throws {GloveboxError} `INVALID_REQUEST`, `POLICY_UNENFORCEABLE` */
export function planCommand(
  spec: SandboxSpec,
  command: Pick<Command, "argv" | "cwd" | "env" | "limits">,
  files: FunctionPackage["files"],
): PlannedCommand {
  const target = targetOf(command, files);
  const enforcement = enforcementOf(spec, target.kind);
  if (target.kind === "event") refuseMissing(spec, asFarAsAsked(enforcement, command));
  const wallTimeMs = wallTimeMsOf(command, target.kind);
  const settings = {
    runtime: target.runtime,
    handler: target.handler,
    timeoutSeconds: timeoutSecondsOf(wallTimeMs, target.kind),
    memoryMib: memoryMibOf(spec.limits),
    temporaryMib: temporaryMibOf(spec.limits),
    variables: target.kind === "event" ? variablesOf(command) : {},
  };
  return { target, wallTimeMs, settings, enforcement };
}

async function run(
  { spec, function: fn, onLog }: LambdaSandboxParts,
  command: Command,
  { target, wallTimeMs, settings }: PlannedCommand,
  signal: AbortSignal,
): Promise<ReadAnswer> {
  const stdin = await readStdin(command.stdin, signal);
  if (target.kind === "event") {
    return readEventAnswer(await fn.run(settings, eventOfStdin(stdin), signal));
  }
  const event = eventOfCommand(command, spec, { stdin, wallTimeMs });
  const answer = await fn.run(settings, event, signal);
  onLog(answer.log);
  const read = readCommandAnswer(answer, command.argv[0] ?? "");
  if (read !== undefined) return read;
  throw sandboxFailed(
    "read the answer",
    "the function answered something else than its bootstrap does.",
  );
}

/** What every sandbox has, which is of no use in a function, or is set there already. */
const ownVariables: readonly string[] = [
  "PATH",
  "HOME",
  "USER",
  "LANG",
  "TMPDIR",
  "PYTHONDONTWRITEBYTECODE",
];

/** A handler's environment is a setting of its function. */
function variablesOf({ env }: Pick<Command, "env">): Readonly<Record<string, string>> {
  const rows = Object.entries(env).filter(([name]) => !ownVariables.includes(name));
  const refusedName = rows.find(
    ([name]) => /^(AWS_|LAMBDA_|_)/.test(name) || !/^[A-Za-z]\w+$/.test(name),
  )?.[0];
  if (refusedName !== undefined) {
    throw invalidRequest(
      "env",
      `\`${refusedName}\` can't be set: Lambda keeps names of AWS_, LAMBDA_ and _ for itself, and takes two letters, digits and _ or more`,
    );
  }
  const bytes = Buffer.byteLength(JSON.stringify(Object.fromEntries(rows)));
  if (bytes > maxVariablesBytes) {
    throw invalidRequest(
      "env",
      `the variables have ${bytes} bytes, and Lambda takes ${maxVariablesBytes}`,
    );
  }
  return Object.fromEntries(rows);
}

const refused = (why: string) =>
  sandboxFailed(
    "start the program",
    `the sandbox takes no command: ${why}. Create another sandbox.`,
  );
