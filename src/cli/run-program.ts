/**
 * @module
 * One run from the command line, from the checked words to the exit code: its steps are gathered, put
 * in order, and done.
 */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { basename } from "node:path";
import { raiseToNeeds } from "../core/limits.ts";
import { openBuiltLanguages } from "../languages/built.ts";
import { createRegistry, type Registry } from "../lifecycle/registry.ts";
import { runSteps } from "../lifecycle/run-steps.ts";
import type { ExecutionRequest } from "../service/request.ts";
import { once } from "../util/once.ts";
import { runConfigFile } from "../util/user-folders.ts";
import { languageDataFolder } from "../util/package-folder.ts";
import { EXIT_OUR_FAILURE, exitCodeOfAbort } from "./exit.ts";
import { printNote } from "./print.ts";
import { resolveProgram } from "./program.ts";
import type { ResolvedProgram } from "./resolved-program.ts";
import { registerBuiltIn } from "./run/register-built-in.ts";
import type { Run } from "./run/run.ts";
import { processDoor, type RunDoor } from "./run-door.ts";
import type { RunPlugins } from "./run/run-plugins.ts";
import type { RunForm } from "./run-form.ts";
import type { RunOptions } from "./run-options.ts";

/**
 * @returns The exit code; all output was handed to our streams, and the sandbox is gone, or a server's.
 * @throws {GloveboxError}
 */
export async function runProgram(
  form: RunForm,
  options: RunOptions,
  door: RunDoor = processDoor(),
): Promise<number> {
  const languages = once(() => openBuiltLanguages(languageDataFolder()));
  const plugins = await openPlugins(options);
  const ownProvider = plugins?.provider;
  const found = plugins?.resolve(form, options) ?? { form, options };
  const resolved = await resolveProgram(found.form, found.options, {
    cwd: process.cwd(),
    home: homedir(),
    stdin: door.stdin,
    languages,
  });
  const names = { ...namesOf(resolved, options), ...plugins?.names(form) };
  const registry = createRegistry<Run>();
  registerBuiltIn(registry.for("glovebox"), { ...names, form, options, resolved });
  await plugins?.register(registry, names);
  const plan = registry.plan();
  if (options.isExplained) return explain(registry, options);
  // Up to here there is nothing to tidy up, and a signal may end this process as usual.
  using interruption = door.listen();
  const run: Run = {
    ...{ form, options, resolved, ownProvider, languages, interruption, door, ...names },
    request: createRequest(resolved, options, door),
    packaged: undefined,
    opened: undefined,
    out: undefined,
    terminal: undefined,
    asking: undefined,
    review: undefined,
    report: undefined,
    exitCode: undefined,
  };
  const { signal, received } = interruption;
  await runSteps(plan, run, {
    signal,
    onFurtherFailure: (error, name) => printNote(`${name}: ${(error as Error).message}`),
  });
  if (run.exitCode !== undefined) return run.exitCode;
  return signal.aborted
    ? exitCodeOfAbort({ received: received(), outputClosed: false })
    : EXIT_OUR_FAILURE;
}

/** Most runs have none, and don't wait for what loads them. */
async function openPlugins(options: RunOptions): Promise<RunPlugins | undefined> {
  if (options.plugins.length === 0 && !existsSync(runConfigFile(process.env))) return undefined;
  const { openRunPlugins } = await import("./run/run-plugins.ts");
  return openRunPlugins(options, process.env);
}

async function explain(registry: Registry<Run>, { report }: RunOptions): Promise<number> {
  const { formatPlan, idleHookWords, planDocument } = await import("./run/explain-plan.ts");
  const plan = registry.plan();
  for (const words of idleHookWords(registry.idleHooks())) printNote(words);
  process.stdout.write(
    report === "json" ? `${JSON.stringify(planDocument(plan), null, 2)}\n` : formatPlan(plan),
  );
  return 0;
}

/** Where nobody named a provider, it is that of the system; another one may serve in its place. */
function namesOf(
  { language, program }: ResolvedProgram,
  { provider }: RunOptions,
): Pick<Run, "provider" | "resource"> {
  const usual = process.platform === "linux" ? "linux" : "docker";
  return {
    provider: provider === "auto" ? usual : provider,
    resource:
      language?.id ??
      (program.kind === "command"
        ? basename(program.argv[0] ?? "").replaceAll(/\s+/g, "_")
        : program.language),
  };
}

function createRequest(
  resolved: ResolvedProgram,
  options: RunOptions,
  { startFolder = resolved.cwd, hostPipes }: RunDoor,
): Omit<ExecutionRequest, "stdin"> {
  return {
    program: resolved.program,
    args: resolved.args,
    env: options.env,
    limits: raiseToNeeds(options.limits, resolved.language?.limits ?? {}, (name) =>
      options.namedLimits.has(name),
    ),
    onOutputLimit: options.onOutputLimit,
    network: { mode: options.asking.network === "all" ? "all" : "none" },
    enforcement: options.enforcement,
    compileCache: options.compileCache,
    ...(options.image === undefined ? {} : { image: options.image }),
    ...(hostPipes === undefined ? {} : { hostPipes }),
    ...(startFolder === undefined ? {} : { cwd: startFolder }),
  };
}
