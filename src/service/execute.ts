/**
 * @module
 * One prepared execution in its slot: a sandbox, the compiler, the program.
 */
import { randomUUID } from "node:crypto";
import { isSandboxFailure } from "../core/errors.ts";
import type { ProviderSandbox } from "../core/provider.ts";
import type { ActiveWork } from "./active-work.ts";
import { runAndCollect } from "./artifacts.ts";
import type { CompileCache } from "./compile-cache/compile-cache.ts";
import {
  compile,
  planCompile,
  withCompiled,
  withoutCompiler,
  type CompilePlan,
} from "./compile-phase.ts";
import type { PreparedExecution } from "./prepare.ts";
import { createSandbox, type Context } from "./preparer.ts";
import type { ExecutionControl, ExecutionReport, ExecutionSink } from "./request.ts";
import { isSuccess } from "./run-phase.ts";
import type { Slot } from "./slots.ts";

export interface Listeners {
  readonly sink: ExecutionSink;
  readonly signal: AbortSignal;
  readonly onStart: ((control: ExecutionControl) => void) | undefined;
  /** Makes a step of the work a part of its trace. */
  readonly trace: <T>(step: string, work: () => Promise<T>) => Promise<T>;
}

export interface ExecuteParts {
  readonly context: Context;
  readonly prepared: PreparedExecution;
  readonly listeners: Listeners;
  /** Is released once the sandbox is gone, which nobody who wants the report waits for. */
  readonly slot: Slot;
  /** Has what goes on after the report. */
  readonly work: ActiveWork;
  readonly cache: CompileCache | undefined;
}

/** @throws {GloveboxError} What `Provider.create` and `ProviderSandbox.exec` throw. */
export async function execute(parts: ExecuteParts): Promise<ExecutionReport> {
  const { context, prepared, listeners, cache } = parts;
  const { provider, request } = context;
  const plan = await planCompile(provider, prepared, request, cache, listeners.signal);
  const report = await executePlanned(parts, plan);
  if (report !== "lost") return report;
  const again =
    plan?.use === "hit" ? listeners : { ...listeners, sink: withoutCompiler(listeners.sink) };
  const uncached = await executePlanned({ ...parts, listeners: again }, { use: "off" });
  if (uncached === "lost") throw new Error("a compile without a cache reads nothing");
  return uncached;
}

/** @returns `lost`: see `compile`; also where there is no room for what it kept. */
async function executePlanned(
  { context, prepared, listeners, slot, work, cache }: ExecuteParts,
  plan: CompilePlan | undefined,
): Promise<ExecutionReport | "lost"> {
  const { spec, compile: commands, shortcut = [], run: runCommand } = prepared;
  const { sink, signal, onStart, trace } = listeners;
  const create = async (): Promise<ProviderSandbox> =>
    createSandbox(context, withCompiled(spec, plan), signal, firstOf(prepared, plan));
  const sandbox = await trace("sandbox", create).catch((error: unknown) => {
    // What an earlier caller's limits allowed may be too large for this one's.
    if (plan?.use === "hit" && isSandboxFailure(error)) return "lost" as const;
    throw error;
  });
  if (sandbox === "lost") return sandbox;
  try {
    onStart?.({
      kill: (name) => {
        sandbox.kill(name);
      },
      resize: (size) => {
        sandbox.resize(size);
      },
    });
    const phase = { sandbox, sink, signal };
    const base = { id: context.request.id ?? randomUUID(), enforcement: sandbox.enforcement };
    const run = async (): ReturnType<typeof runAndCollect> => {
      sink.onRun?.();
      return trace("run", async () => runAndCollect(runCommand, phase, context.request));
    };
    if (plan === undefined || commands === undefined) return { ...base, ...(await run()) };
    const later = (ended: Promise<void>): void => void work.add(ended);
    const parts = { plan, commands, shortcut, files: spec.files, cache, later };
    const compiled = await trace("compile", async () => compile(parts, phase));
    if (compiled === "lost") return compiled;
    const compiledBase = { ...base, compile: compiled, compileCache: plan.use };
    if (!isSuccess(compiled)) return { ...compiledBase, run: null };
    return { ...compiledBase, ...(await run()) };
  } finally {
    slot.keepUntil(work.later(async () => sandbox.destroy()));
  }
}

/** A compiler that has nothing to do is not started. */
const firstOf = ({ ahead }: PreparedExecution, plan: CompilePlan | undefined) =>
  plan?.use === "hit" ? undefined : ahead;
