/**
 * @module
 * The compile phase of an execution: its commands, or what an earlier one made of the same source.
 */
import type { OutputStream } from "../core/command.ts";
import { isSandboxFailure } from "../core/errors.ts";
import type { Execution } from "../core/execution.ts";
import type { Provider } from "../core/provider.ts";
import type { SandboxFile, SandboxSpec } from "../core/sandbox.ts";
import {
  maxCompiledBytes,
  maxCompiledFiles,
  maxCompilerOutputBytes,
  type CompileCache,
  type CompiledProgram,
} from "./compile-cache/compile-cache.ts";
import { compileKey } from "./compile-cache/compile-key.ts";
import { toolchainOf } from "./compile-cache/toolchain.ts";
import { joined, remaining } from "./phase-steps.ts";
import type { PreparedCommand, PreparedExecution } from "./prepare.ts";
import type { CompileCacheUse, ExecutionRequest, ExecutionSink } from "./request.ts";
import { isSuccess, runPhase, type RunningPhase } from "./run-phase.ts";

/** What is known of a compile phase before there is a sandbox. */
export type CompilePlan =
  | { readonly use: Extract<CompileCacheUse, "hit">; readonly program: CompiledProgram }
  | { readonly use: Extract<CompileCacheUse, "miss">; readonly key: string }
  | { readonly use: Extract<CompileCacheUse, "off"> };

/** @returns Undefined where nothing is compiled. */
export async function planCompile(
  provider: Provider,
  { spec, compile, shortcut = [] }: PreparedExecution,
  { compileCache = "use" }: ExecutionRequest,
  cache: CompileCache | undefined,
  signal: AbortSignal,
): Promise<CompilePlan | undefined> {
  if (compile === undefined) return undefined;
  // What is not isolated could write to the cache itself.
  if (cache === undefined || compileCache === "off" || provider.name === "process") {
    return { use: "off" };
  }
  const commands = [...shortcut, ...compile].map(({ argv }) => argv);
  const programs = commands.flatMap(([program]) => program ?? []);
  const toolchain = await toolchainOf(provider, spec, programs, signal);
  if (toolchain === undefined) return { use: "off" };
  const key = compileKey({
    ...{ toolchain, commands, provider: provider.name },
    env: compile[0]?.env ?? {},
    network: spec.policy.network.mode,
    files: spec.files,
  });
  const program = await cache.get(key);
  if (program === undefined || !mayPrint(compile[0], program)) return { use: "miss", key };
  return { use: "hit", program };
}

/** Who allows less output than there is gets what the compiler itself would give, an end included. */
function mayPrint(
  command: PreparedCommand | undefined,
  { stdout, stderr }: CompiledProgram,
): boolean {
  const { outputBytes = 0 } = command?.limits ?? {};
  return outputBytes === "unlimited" || stdout.byteLength + stderr.byteLength <= outputBytes;
}

/** The sandbox of an execution whose program may be there already. */
export function withCompiled(spec: SandboxSpec, plan: CompilePlan | undefined): SandboxSpec {
  if (plan?.use !== "hit") return spec;
  const { files } = plan.program;
  // What it made may be in the way of what was given: it had removed that.
  const inTheWay = (given: string, made: string): boolean =>
    given === made || given.startsWith(`${made}/`) || made.startsWith(`${given}/`);
  const kept = spec.files.filter(({ path }) => !files.some((made) => inTheWay(path, made.path)));
  return { ...spec, files: [...kept, ...files] };
}

export interface CompileParts {
  readonly plan: CompilePlan;
  readonly commands: readonly PreparedCommand[];
  /** Tried first. */
  readonly shortcut: readonly PreparedCommand[];
  /** What the caller gave. */
  readonly files: readonly SandboxFile[];
  readonly cache: CompileCache | undefined;
  /** Takes work that nobody waits for. */
  readonly later: (work: Promise<void>) => void;
}

/**
 * Runs the commands, or says again what the compiler said when it made what is in the sandbox now.
 *
 * @returns `lost`: what it made could not be read, which has ended the sandbox. A caller compiles anew,
 * with the cache off.
 */
export async function compile(
  parts: CompileParts,
  phase: RunningPhase,
): Promise<Execution | "lost"> {
  if (parts.plan.use === "hit") return replay(parts.plan.program, phase.sink);
  if (parts.plan.use === "off") return runEither(parts, phase);
  const said = listenTo(phase.sink);
  const execution = await runEither(parts, { ...phase, sink: said.sink });
  const { cache, files, later } = parts;
  if (!isSuccess(execution) || cache === undefined) return execution;
  // Now, before the program runs: it may change what the compiler made.
  const program = await readCompiled(files, said, phase).catch((error: unknown) => {
    if (phase.signal.aborted) return undefined;
    if (isSandboxFailure(error)) return "lost" as const;
    throw error;
  });
  if (phase.signal.aborted) return { ...execution, outcome: { kind: "canceled" } };
  if (program === "lost") return program;
  // The next caller may have room for what was cut off here.
  const isWhole = execution.droppedBytes.stdout + execution.droppedBytes.stderr === 0;
  if (program !== undefined && isWhole) later(cache.put(parts.plan.key, program));
  return execution;
}

/** The shortcut where it works, which costs its time where it does not. */
async function runEither(
  { shortcut, commands }: CompileParts,
  phase: RunningPhase,
): Promise<Execution> {
  if (shortcut.length === 0) return runCommands(commands, phase);
  const said: (readonly [OutputStream, Buffer])[] = [];
  let saidBytes = 0;
  const sink: ExecutionSink = {
    onOutput: (_phase, stream, chunk) => {
      saidBytes += chunk.byteLength;
      if (saidBytes <= maxCompilerOutputBytes) said.push([stream, Buffer.from(chunk)]);
    },
  };
  const tried = await runCommands(shortcut, { ...phase, sink });
  if (isSuccess(tried) && saidBytes === 0) return tried;
  if (!["exited", "signaled"].includes(tried.outcome.kind)) {
    // A limit, after which the sandbox takes no further command: this is how compiling ended.
    for (const [stream, chunk] of said) await phase.sink.onOutput("compile", stream, chunk);
    return tried;
  }
  const [first, ...others] = commands;
  if (first === undefined) return tried;
  const limits = remaining(first.limits, tried.usage);
  const execution = await runCommands([{ ...first, limits }, ...others], phase);
  const droppedBytes = { stdout: 0, stderr: 0 };
  return joined({ ...tried, droppedBytes }, execution);
}

/** Several commands as one phase: they share its time, and its end is that of the last that ran. */
async function runCommands(
  commands: readonly PreparedCommand[],
  phase: RunningPhase,
): Promise<Execution> {
  const [first, ...others] = commands;
  if (first === undefined) throw new Error("compile: no command");
  let whole = await runPhase("compile", first, phase);
  for (const command of others) {
    if (!isSuccess(whole)) return whole;
    const limits = remaining(command.limits, whole.usage);
    whole = joined(whole, await runPhase("compile", { ...command, limits }, phase));
  }
  return whole;
}

/** Of a compile that is done once more: all of it was shown the first time. */
export function withoutCompiler(sink: ExecutionSink): ExecutionSink {
  return {
    onOutput: (phase, stream, chunk) =>
      phase === "compile" ? undefined : sink.onOutput(phase, stream, chunk),
    onRun: () => sink.onRun?.(),
  };
}

async function replay(
  { stdout, stderr }: CompiledProgram,
  sink: ExecutionSink,
): Promise<Execution> {
  if (stdout.byteLength > 0) await sink.onOutput("compile", "stdout", stdout);
  if (stderr.byteLength > 0) await sink.onOutput("compile", "stderr", stderr);
  return {
    outcome: { kind: "exited", exitCode: 0 },
    usage: { wallTimeMs: 0, cpuTimeMs: 0 },
    droppedBytes: { stdout: 0, stderr: 0 },
  };
}

interface Said {
  readonly sink: ExecutionSink;
  /** Undefined where it is too much to be kept. */
  readonly output: () => Record<OutputStream, Buffer> | undefined;
}

function listenTo(sink: ExecutionSink): Said {
  const chunks: Record<OutputStream, Buffer[]> = { stdout: [], stderr: [] };
  let bytes = 0;
  return {
    sink: {
      onOutput: (phase, stream, chunk) => {
        bytes += chunk.byteLength;
        if (bytes <= maxCompilerOutputBytes) chunks[stream].push(Buffer.from(chunk));
        return sink.onOutput(phase, stream, chunk);
      },
    },
    output: () => {
      if (bytes > maxCompilerOutputBytes) return undefined;
      return { stdout: Buffer.concat(chunks.stdout), stderr: Buffer.concat(chunks.stderr) };
    },
  };
}

/** Undefined where it can't be kept whole. */
async function readCompiled(
  given: readonly SandboxFile[],
  said: Said,
  { sandbox, signal }: RunningPhase,
): Promise<CompiledProgram | undefined> {
  const output = said.output();
  if (output === undefined) return undefined;
  const bounds = { maxFiles: maxCompiledFiles, maxBytes: maxCompiledBytes };
  const { files, skipped, isComplete } = await sandbox.collect({ paths: ["."], ...bounds }, signal);
  if (!isComplete || skipped.length > 0) return undefined;
  const before = new Map(given.map((file) => [file.path, file]));
  return { ...output, files: files.filter((file) => !isSame(file, before.get(file.path))) };
}

function isSame(file: SandboxFile, given: SandboxFile | undefined): boolean {
  if (given === undefined) return false;
  if ((given.executable ?? false) !== (file.executable ?? false)) return false;
  return Buffer.compare(given.content, file.content) === 0;
}
