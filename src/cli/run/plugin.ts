/**
 * @module
 * What plugins see of a run, and the steps that they register.
 */
import { GloveboxError, invalidRequest, isGloveboxError } from "../../core/errors.ts";
import type { Steps } from "../../lifecycle/registry.ts";
import { formatStepName, type Step } from "../../lifecycle/step.ts";
import type { ExecutionRequest } from "../../service/request.ts";
import { showValue } from "../../util/show-value.ts";
import { printNote } from "../print.ts";
import type { Run } from "./run.ts";

/** Called once for each run, before its first step. What it throws ends the run. */
export type Register = (env: PluginEnvironment) => void | Promise<void>;

export interface PluginEnvironment {
  /** Who makes the sandbox, `linux`, and what for: the language's id, or the program's name. */
  readonly provider: string;
  readonly resource: string;
  /** The current folder. */
  readonly folder: string;
  readonly steps: Steps<PluginRun>;
}

/** What steps of plugins have of a run. */
export interface PluginRun {
  readonly provider: string;
  readonly resource: string;
  /** May be put in its place another one, until it is run: `run.request = { ...run.request, env }`. */
  request: Omit<ExecutionRequest, "stdin">;
  /** Of this process. Undefined until the program has ended. */
  exitCode: number | undefined;
  /** Aborted where the run is to end now. */
  readonly signal: AbortSignal;
  /** Tells the user one line. */
  readonly note: (line: string) => void;
}

/** @throws {GloveboxError} `INVALID_REQUEST` that names the file. */
export async function registerPlugin(
  { file, register }: { readonly file: string; readonly register?: Register },
  steps: Steps<Run>,
  { provider, resource }: Pick<Run, "provider" | "resource">,
): Promise<void> {
  if (register === undefined) return;
  const env = { provider, resource, folder: process.cwd(), steps: stepsFor(steps, file) };
  try {
    await register(env);
  } catch (error) {
    throw invalidRequest("--plugin", `\`${file}\` failed to register: ${messageOf(error)}`);
  }
}

function stepsFor(steps: Steps<Run>, file: string): Steps<PluginRun> {
  const adapt = (step: Step<PluginRun>): Step<Run> => ({
    ...step,
    work:
      typeof step.work === "function"
        ? (run, occasion) => doStep(file, step, run, occasion)
        : step.work,
  });
  return {
    at: (level, step) => {
      steps.at(level, adapt(step));
    },
    before: (matcher, step) => {
      steps.before(matcher, adapt(step));
    },
    after: (matcher, step) => {
      steps.after(matcher, adapt(step));
    },
  };
}

async function doStep(
  file: string,
  step: Step<PluginRun>,
  run: Run,
  occasion: Parameters<Step<PluginRun>["work"]>[1],
): Promise<void> {
  const seen: PluginRun = {
    provider: run.provider,
    resource: run.resource,
    request: run.request,
    exitCode: run.exitCode,
    signal: run.interruption.signal,
    note: printNote,
  };
  try {
    await step.work(seen, occasion);
    checkSeen(seen);
  } catch (error) {
    if (isGloveboxError(error)) throw error;
    const message = `${formatStepName(step)} of \`${file}\` failed: ${messageOf(error)}`;
    throw new GloveboxError(
      "STEP_FAILED",
      message,
      { step: formatStepName(step) },
      { cause: error },
    );
  }
  run.request = seen.request;
  run.exitCode = seen.exitCode;
}

/** What it put in their place: nobody else checks it. */
function checkSeen({ request, exitCode }: PluginRun): void {
  const given: unknown = request;
  if (typeof given !== "object" || given === null) {
    throw new Error(`\`run.request\` can't be ${showValue(given)}. Write { ...run.request, … }.`);
  }
  const isCode = Number.isInteger(exitCode) && Number(exitCode) >= 0 && Number(exitCode) <= 255;
  if (exitCode === undefined || isCode) return;
  throw new Error(
    `\`run.exitCode\` can't be ${showValue(exitCode)}: it is a number from 0 to 255.`,
  );
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
