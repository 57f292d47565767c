/**
 * @module
 * From a request to the sandbox and the commands that it needs.
 */
import type { Command } from "../core/command.ts";
import { GloveboxError, invalidRequest } from "../core/errors.ts";
import type { LoadedLanguage } from "../core/language.ts";
import type { Limits } from "../core/limits.ts";
import type { Policy, WorkspaceMount } from "../core/policy.ts";
import type { Provider } from "../core/provider.ts";
import { workspacePath } from "../core/sandbox.ts";
import type { HostProgram, SandboxSpec } from "../core/sandbox.ts";
import { expandArgv } from "../languages/argv.ts";
import { mainFileOf, namesFromCode } from "../languages/from-code.ts";
import type { LanguageIndex } from "../languages/index-languages.ts";
import { buildEnvironment } from "./environment.ts";
import { foldersOf } from "./own-node.ts";
import type { ExecutionRequest, Program } from "./request.ts";

/** What a compiler may use where a run's own limits would be meaningless. */
export type CompileLimits = Pick<Limits, "wallTimeMs" | "cpuTimeMs">;

export type PreparedCommand = Omit<Command, "onOutput">;

export interface PreparedExecution {
  readonly spec: SandboxSpec;
  /** One after the other while they succeed, in the time of one; absent where nothing is compiled. */
  readonly compile?: readonly PreparedCommand[];
  readonly run: PreparedCommand;
}

/** Where a sandbox's programs come from. */
export interface ProgramSource {
  readonly programs: Provider["programs"];
  /** Lent by this host. */
  readonly lent: readonly HostProgram[];
}

type CodeProgram = Extract<Program, { kind: "code" }>;
type CommandProgram = Extract<Program, { kind: "command" }>;

/** @throws {GloveboxError} `UNKNOWN_LANGUAGE` */
export function languageOf(
  languages: LanguageIndex,
  { language: name }: CodeProgram,
): LoadedLanguage {
  const language = languages.byName(name);
  if (language !== undefined) return language;
  const known = languages.names;
  throw new GloveboxError(
    "UNKNOWN_LANGUAGE",
    `language ${JSON.stringify(name.slice(0, 80))} is unknown. Known: ${known.join(", ")}.`,
    { language: name, known },
  );
}

/**
 * A program that the caller gave as files, which are put into an empty workspace, or one that lies in
 * a folder of the caller.
 *
 * @throws {GloveboxError} `INVALID_REQUEST` for a compiled language in a folder of the caller, and for
 * arguments to a program that can't have any.
 */
export function prepareCode(
  request: ExecutionRequest,
  program: CodeProgram,
  language: LoadedLanguage,
  { programs, lent }: ProgramSource,
  compileLimits: CompileLimits,
): PreparedExecution {
  if (program.workspace !== undefined) refuseMountedCompile(language);
  const files = program.files.map(({ path }) => path);
  refuseArgs(request, language);
  const entry = program.entry ?? files[0] ?? mainFileOf(language, Buffer.alloc(0));
  const code = program.files.find(({ path }) => path === entry)?.content;
  const names = namesFromCode(language, entry, code);
  const expand = (words: readonly string[]): readonly string[] =>
    expandArgv(words, { entry, files, extensions: language.extensions, names });
  const env = buildEnvironment(programs, foldersOf(lent), language.env, request.env);
  const base = commandOf(request, [...expand(language.run), ...request.args], env);
  const run = { ...base, ...ttyOf(request) };
  const spec: SandboxSpec = {
    image: request.image ?? language.image.name,
    ...specOf(request),
    policy: policyOf(request, program.workspace),
    files: program.files,
    hostPrograms: lent,
  };
  if (language.compile === undefined) return { spec, run };
  const limits = { ...run.limits, ...compileLimits };
  const compile = language.compile.map((words): PreparedCommand => {
    return { ...base, argv: expand(words), stdin: "empty", limits };
  });
  return { spec, compile, run };
}

/** A command of the caller, in a folder of the caller or in an empty one. */
export function prepareCommand(
  request: ExecutionRequest,
  { argv, workspace }: CommandProgram,
  programs: Provider["programs"],
): PreparedExecution {
  const spec: SandboxSpec = {
    ...(request.image === undefined ? {} : { image: request.image }),
    ...specOf(request),
    policy: policyOf(request, workspace),
    files: [],
    hostPrograms: [],
  };
  const command = commandOf(request, argv, buildEnvironment(programs, [], request.env));
  return { spec, run: { ...command, ...ttyOf(request) } };
}

function refuseArgs({ args }: ExecutionRequest, { title, lacks }: LoadedLanguage): void {
  if (lacks.args === undefined || args.length === 0) return;
  throw invalidRequest("args", `${title} programs get none: ${lacks.args}. Leave them out`);
}

function refuseMountedCompile({ title, compile }: LoadedLanguage): void {
  if (compile === undefined) return;
  throw invalidRequest(
    "workspace",
    `${title} is compiled first, and that needs a workspace of its own. ` +
      "Leave the workspace out and give the files themselves, or run the compiler as a command.",
  );
}

function policyOf({ network }: ExecutionRequest, workspace: WorkspaceMount | undefined): Policy {
  if (workspace === undefined) return { network, workspace: { kind: "scratch" } };
  return { network, workspace: { kind: "mount", ...workspace } };
}

function specOf({
  limits,
  enforcement,
}: ExecutionRequest): Pick<SandboxSpec, "limits" | "enforcement"> {
  const { memoryBytes, processes, diskBytes, openFiles } = limits;
  return { limits: { memoryBytes, processes, diskBytes, openFiles }, enforcement };
}

/** A compiler never gets the terminal: what it says stays apart from the program's output. */
function ttyOf({ tty }: ExecutionRequest): Pick<PreparedCommand, "tty"> {
  return tty === undefined ? {} : { tty };
}

function commandOf(
  { stdin, limits, onOutputLimit }: ExecutionRequest,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): PreparedCommand {
  const { wallTimeMs, cpuTimeMs, outputBytes } = limits;
  return {
    argv,
    env,
    cwd: workspacePath,
    stdin,
    limits: { wallTimeMs, cpuTimeMs, outputBytes },
    onOutputLimit,
  };
}
