/**
 * @module
 * From a request to the sandbox and the commands that it needs.
 */
import { Readable } from "node:stream";
import type { AheadCommand, Command } from "../core/command.ts";
import { invalidRequest } from "../core/errors.ts";
import type { LoadedLanguage } from "../core/language.ts";
import type { Policy, WorkspaceMount } from "../core/policy.ts";
import type { Provider } from "../core/provider.ts";
import { programPath, workspacePath } from "../core/sandbox.ts";
import type { HostProgram, SandboxFile, SandboxSpec } from "../core/sandbox.ts";
import { expandArgv } from "../languages/argv.ts";
import { mainFileOf, namesFromCode } from "../languages/from-code.ts";
import type { LanguageIndex } from "../languages/index-languages.ts";
import { unknownLanguage } from "../languages/unknown-language.ts";
import { aheadOf, compilerAheadOf } from "./ahead.ts";
import { buildEnvironment, terminalEnvironment } from "./environment.ts";
import { foldersOf } from "./lent-programs.ts";
import { preparedPath } from "./prepared/prepare-language.ts";
import type { CompileLimits, ExecutionRequest, Program } from "./request.ts";

export type PreparedCommand = Omit<Command, "onOutput">;

export interface PreparedExecution {
  readonly spec: SandboxSpec;
  /** One after the other while they succeed, in the time of one; absent where nothing is compiled. */
  readonly compile?: readonly PreparedCommand[];
  /** Tried first, see a language's `prepare.shortcut`. */
  readonly shortcut?: readonly PreparedCommand[];
  readonly run: PreparedCommand;
  /** What the first command may be started as before its files are there; absent where it may not. */
  readonly ahead?: AheadCommand | undefined;
}

/** Where a sandbox's programs come from. */
export interface ProgramSource {
  /** Undefined: this host. */
  readonly image: string | undefined;
  /** Lent by this host. */
  readonly lent: readonly HostProgram[];
  /** The folder of this host with what was prepared for the language. */
  readonly prepared: string | undefined;
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
  const shown = JSON.stringify(name.slice(0, 80));
  throw unknownLanguage(languages, name, `language: no language is called ${shown}.`);
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
  { image, lent, prepared }: ProgramSource,
  compileLimits: CompileLimits,
): PreparedExecution {
  if (program.workspace !== undefined) refuseMountedCompile(language);
  const files = program.files.map(({ path }) => path);
  refuseArgs(request, language);
  refuseCompileArgs(request, language);
  const entry = program.entry ?? files[0] ?? mainFileOf(language, Buffer.alloc(0));
  const code = program.files.find(({ path }) => path === entry)?.content;
  const names = { ...namesFromCode(language, entry, code), prepared: preparedPath };
  const commands = commandsOf(language, prepared !== undefined);
  const extensions = [...language.extensions, ...language.sourceExtensions];
  const expand = (words: readonly string[]): readonly string[] =>
    expandArgv(words, { entry: entryInside(request, program, entry), files, extensions, names });
  const env = buildEnvironment(
    image === undefined ? "host" : "image",
    foldersOf(lent),
    request.tty === undefined ? {} : terminalEnvironment,
    commands.env,
    request.env,
  );
  const base = commandOf(request, [...expand(commands.run), ...request.args], env);
  const run = { ...base, ...ttyOf(request) };
  const spec: SandboxSpec = {
    ...(image === undefined ? {} : { image }),
    ...specOf(request),
    policy: policyOf(request, program.workspace),
    files: program.files,
    hostPrograms: [...lent, ...preparedPrograms(prepared), ...(request.lent ?? [])],
  };
  const usualEntry = mainFileOf(language, Buffer.alloc(0));
  if (commands.compile === undefined) {
    const [waitsAt = ""] = expand([language.warm?.entry ?? ""]);
    const isPrepared = prepared !== undefined;
    const entryParts = { entry: waitsAt, files: program.files, usualEntry };
    const wanted = { language, request, run, ...entryParts, isPrepared };
    const isUsualPlace = program.workspace === undefined && request.cwd === undefined;
    return { spec, run, ahead: isUsualPlace ? aheadOf(wanted) : undefined };
  }
  const limits = { ...run.limits, ...lowered(compileLimits, request.compileLimits) };
  const toCommands = (list: readonly (readonly string[])[]): readonly PreparedCommand[] =>
    list.map((words) => ({ ...base, argv: expand(words), stdin: "empty", limits }));
  const { compileArgs = [] } = request;
  const compile = toCommands(withCompileArgs(commands.compile, compileArgs));
  const isUsual = prepared !== undefined && compileArgs.length === 0;
  const shortcut = isUsual ? shortcutFor(language, program.files) : undefined;
  if (shortcut !== undefined) return { spec, compile, run, shortcut: toCommands(shortcut) };
  const { ahead } = language.prepare ?? {};
  const [first] = compile;
  const isAlone = files.length === 1 && files[0] === entry;
  if (ahead === undefined || first === undefined || !isUsual || !isAlone)
    return { spec, compile, run };
  const wanted = { argv: expand(ahead), request, compile: first, entry, usualEntry };
  return { spec, compile, run, ahead: compilerAheadOf(wanted) };
}

/** As the program's own command names it; short where it starts beside it. */
function entryInside(
  { cwd }: ExecutionRequest,
  { files, workspace }: CodeProgram,
  entry: string,
): string {
  if (workspace !== undefined && files.length > 0) return `${programPath}/${entry}`;
  return cwd === undefined ? entry : `${workspacePath}/${entry}`;
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
    hostPrograms: request.lent ?? [],
  };
  const terminal = request.tty === undefined ? {} : terminalEnvironment;
  const env = buildEnvironment(programs, [], terminal, request.env);
  const command = commandOf(request, argv, env);
  return { spec, run: { ...command, ...ttyOf(request) } };
}

const preparedPrograms = (prepared: string | undefined): readonly HostProgram[] =>
  prepared === undefined ? [] : [{ hostPath: prepared, path: preparedPath }];

type Commands = Pick<LoadedLanguage, "compile" | "run" | "env">;

/** @param isPrepared Whether what `prepare` makes is there. */
function commandsOf(language: LoadedLanguage, isPrepared: boolean): Commands {
  const { prepare, compile, run, env } = language;
  if (!isPrepared || prepare === undefined) return { compile, run, env };
  return {
    compile: prepare.compile ?? compile,
    run: prepare.run ?? run,
    env: { ...env, ...withPreparedPath(prepare.env) },
  };
}

function shortcutFor(
  { prepare }: LoadedLanguage,
  [file, ...others]: readonly SandboxFile[],
): readonly (readonly string[])[] | undefined {
  if (prepare?.shortcut === undefined || file === undefined || others.length > 0) return undefined;
  const { path = "", unless, compile } = prepare.shortcut;
  if (!new RegExp(path).test(file.path)) return undefined;
  return new RegExp(unless).test(Buffer.from(file.content).toString("utf8")) ? undefined : compile;
}

function withPreparedPath(env: Readonly<Record<string, string>>): Record<string, string> {
  const rows = Object.entries(env).map(([name, value]) => {
    return [name, value.replaceAll("{prepared}", preparedPath)] as const;
  });
  return Object.fromEntries(rows);
}

function refuseArgs({ args }: ExecutionRequest, { title, lacks }: LoadedLanguage): void {
  if (lacks.args === undefined || args.length === 0) return;
  throw invalidRequest("args", `${title} programs get none: ${lacks.args}. Leave them out`);
}

function refuseCompileArgs({ compileArgs }: ExecutionRequest, language: LoadedLanguage): void {
  if (compileArgs === undefined || compileArgs.length === 0) return;
  if (language.compile !== undefined) return;
  throw invalidRequest("compile_args", `${language.title} is not compiled. Leave them out`);
}

/** The word of a compile command that a caller's arguments for the compiler are put in place of. */
const compileArgsWord = "{options}";

/** Where no command says where they belong, they are the first ones of the first command. */
function withCompileArgs(
  commands: readonly (readonly string[])[],
  args: readonly string[],
): readonly (readonly string[])[] {
  const hasPlace = commands.some((words) => words.includes(compileArgsWord));
  return commands.map((words, index) => {
    if (hasPlace) return words.flatMap((word) => (word === compileArgsWord ? args : [word]));
    return index === 0 ? [...words.slice(0, 1), ...args, ...words.slice(1)] : words;
  });
}

/** A caller may only lower what the operator allows. */
function lowered(limits: CompileLimits, wanted: Partial<CompileLimits> = {}): CompileLimits {
  return {
    wallTimeMs: Math.min(limits.wallTimeMs, wanted.wallTimeMs ?? Infinity),
    cpuTimeMs: Math.min(limits.cpuTimeMs, wanted.cpuTimeMs ?? Infinity),
  };
}

function refuseMountedCompile({ title, compile }: LoadedLanguage): void {
  if (compile === undefined) return;
  throw invalidRequest(
    "workspace",
    `${title} is compiled first, and that needs a workspace of its own. ` +
      "Leave the workspace out and give the files themselves, or run the compiler as a command.",
  );
}

function policyOf(
  { network, permissions }: ExecutionRequest,
  workspace: WorkspaceMount | undefined,
): Policy {
  const { askable, hidden, shown } = permissions ?? {};
  return {
    network,
    ...(askable === undefined ? {} : { askable }),
    ...(hidden === undefined ? {} : { hidden }),
    ...(shown === undefined ? {} : { shown }),
    workspace: workspace === undefined ? { kind: "scratch" } : { kind: "mount", ...workspace },
  };
}

function specOf({
  limits,
  enforcement,
  permissions,
}: ExecutionRequest): Pick<SandboxSpec, "limits" | "enforcement" | "gate" | "secrets"> {
  const { memoryBytes, processes, diskBytes, openFiles } = limits;
  return {
    limits: { memoryBytes, processes, diskBytes, openFiles },
    enforcement,
    ...(permissions === undefined ? {} : { gate: permissions.gate }),
    ...(permissions?.secrets === undefined ? {} : { secrets: permissions.secrets }),
  };
}

/** A compiler never gets the terminal, nor pipes: what it says stays apart from the program's output. */
function ttyOf({ tty, hostPipes }: ExecutionRequest): Pick<PreparedCommand, "tty" | "hostPipes"> {
  return {
    ...(tty === undefined ? {} : { tty }),
    ...(hostPipes === undefined ? {} : { hostPipes }),
  };
}

function commandOf(
  { stdin, limits, onOutputLimit, cwd = workspacePath }: ExecutionRequest,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): PreparedCommand {
  const { wallTimeMs, cpuTimeMs, outputBytes } = limits;
  return {
    argv,
    env,
    cwd,
    stdin: stdin instanceof Uint8Array ? Readable.from([stdin]) : stdin,
    limits: { wallTimeMs, cpuTimeMs, outputBytes },
    onOutputLimit,
  };
}
