/**
 * @module
 * Which runs may be started before their program is there, by the data of their language.
 */
import type { AheadCommand, Command } from "../core/command.ts";
import type { LoadedLanguage } from "../core/language.ts";
import type { SandboxFile } from "../core/sandbox.ts";
import { preparedPath } from "./prepared/prepare-language.ts";
import type { ExecutionRequest } from "./request.ts";

export interface WantedRun {
  readonly language: LoadedLanguage;
  readonly request: Pick<ExecutionRequest, "args" | "env" | "fork">;
  readonly run: Omit<Command, "onOutput">;
  /** The file that the language's data says it stands still at. */
  readonly entry: string;
  readonly files: readonly SandboxFile[];
  /** The name of a program that is given without one. */
  readonly usualEntry: string;
  /** Whether what the language's `prepare` makes is there. */
  readonly isPrepared: boolean;
}

/** How a compiler may be started, for a program of the one file `entry`. */
export interface WantedCompile {
  readonly argv: readonly string[];
  readonly request: Pick<ExecutionRequest, "env">;
  readonly compile: Omit<Command, "onOutput">;
  readonly entry: string;
  readonly usualEntry: string;
}

/** Undefined where it is to be started when all is there; see `aheadOf`. */
export function compilerAheadOf(wanted: WantedCompile): AheadCommand | undefined {
  const { argv, request, compile, entry, usualEntry } = wanted;
  if (Object.keys(request.env).length > 0 || entry.includes("/")) return undefined;
  return {
    ...{ argv, env: compile.env, cwd: compile.cwd, stdin: "empty" },
    cpuTimeMs: compile.limits.cpuTimeMs,
    isOwn: entry !== usualEntry,
    park: { mode: "wait", point: "open", entry },
  };
}

/**
 * Undefined where it is to be started when all is there. What an interpreter is started with can make it
 * run code (`BASH_ENV`, `PERL5OPT`, `-c`): one caller's words and variables are never there ahead.
 */
export function aheadOf(wanted: WantedRun): AheadCommand | undefined {
  const { language, request, run, entry, files, usualEntry, isPrepared } = wanted;
  if (request.args.length > 0 || Object.keys(request.env).length > 0) return undefined;
  const { warm, preludeText } = language;
  const file = files.find(({ path }) => path === entry);
  // A folder on the way to it would have to be there at the start.
  if (warm === undefined || file === undefined || entry.includes("/") || run.tty !== undefined)
    return undefined;
  if (warm.unless !== undefined && matches(warm.unless, file)) return undefined;
  const { point, prelude, env } = warm;
  // All that has a caller's name for its file is that caller's, and shares nothing.
  const isOwn = entry !== usualEntry;
  const mode = isOwn || request.fork === "off" ? "wait" : warm.mode;
  // What its prelude puts right would be left undone.
  if (mode === "wait" && point === "read") return undefined;
  return {
    argv: run.argv,
    env: run.env,
    cwd: run.cwd,
    stdin: run.stdin === "empty" ? "empty" : "pipe",
    cpuTimeMs: run.limits.cpuTimeMs,
    isOwn,
    park: {
      mode,
      point,
      entry,
      ...(env === undefined || !isPrepared ? {} : { env: withPrepared(env) }),
      trial: language.helloCode,
      ...(language.usualCode === undefined ? {} : { usual: language.usualCode }),
      ...(mode === "wait" || prelude === undefined || preludeText === undefined
        ? {}
        : { prelude: { evaluator: prelude.evaluator, text: preludeText } }),
    },
  };
}

const withPrepared = ({ name, value }: { readonly name: string; readonly value: string }) => ({
  name,
  value: value.replaceAll("{prepared}", preparedPath),
});

function matches(pattern: string, { content }: SandboxFile): boolean {
  return new RegExp(pattern).test(Buffer.from(content).toString("utf8"));
}
