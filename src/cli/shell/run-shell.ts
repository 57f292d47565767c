/**
 * @module
 * `glovebox shell`: a line, a script, lines from a pipe, or somebody who types.
 */
import { homedir } from "node:os";
import { invalidRequest } from "../../core/errors.ts";
import { openBuiltLanguages } from "../../languages/built.ts";
import { createBuiltins } from "../../shell/builtins.ts";
import { createJobs } from "../../shell/jobs.ts";
import { parseLine } from "../../shell/parse-line.ts";
import { runLine, type LineEnd, type LineParts } from "../../shell/run-line.ts";
import { usualPrompt, type Shell } from "../../shell/shell.ts";
import { createState, type ShellOption } from "../../shell/state.ts";
import { once } from "../../util/once.ts";
import { readBoundedFile } from "../../util/read-bounded-file.ts";
import { languageDataFolder } from "../../util/package-folder.ts";
import { EXIT_OUR_FAILURE, signalNumber } from "../exit.ts";
import { surviveLostReaders } from "../lost-readers.ts";
import { isInForeground, isStdinEmpty } from "../own-stdin.ts";
import { processWarning } from "../provider-flag.ts";
import { printNote } from "../print.ts";
import type { RunOptions } from "../run-options.ts";
import { createHost } from "./create-host.ts";
import { openKeyboard, type Keyboard } from "./keyboard.ts";
import { listenForLine, type LineSignals } from "./line-signals.ts";
import type { OpenShell } from "./open-shell.ts";

export interface ShellOptions {
  /** What runs; `prompt`: what somebody types. */
  readonly source:
    | { readonly kind: "line"; readonly line: string }
    | { readonly kind: "file"; readonly file: string }
    | { readonly kind: "stdin" | "prompt" };
  /** `$1` and so on. */
  readonly args: readonly string[];
  /** Of each command. */
  readonly run: RunOptions;
  readonly options: readonly ShellOption[];
  readonly sandboxes: "own" | "shared";
}

/** @returns The exit code; everything that it started is gone. @throws {GloveboxError} */
export async function runShell(options: ShellOptions): Promise<number> {
  const { source, run } = options;
  surviveLostReaders();
  const script = source.kind === "file" ? readScript(source.file) : undefined;
  const keyboard = openKeyboard();
  const open = openShell(options, keyboard);
  if (run.provider === "process" && run.verbosity !== "quiet") printNote(processWarning);
  try {
    if (source.kind === "line") return (await open.run(source.line)).status;
    if (source.kind === "file") return (await open.run(script ?? "")).status;
    if (source.kind === "stdin") return await runLines(open);
    const { runPrompt } = await import("./run-prompt.ts");
    return await runPrompt(open);
  } finally {
    await open.shell.jobs.endAll();
    keyboard?.[Symbol.dispose]();
    if (!process.stdin.isTTY && source.kind !== "prompt") releaseOwnInput();
  }
}

/** It was opened where a command read it, and would keep this process alive. */
function releaseOwnInput(): void {
  if (isStdinEmpty()) return;
  process.stdin.on("error", () => undefined);
  process.stdin.destroy();
}

function openShell(options: ShellOptions, keyboard: Keyboard | undefined): OpenShell {
  const { source, run, args } = options;
  let signals: LineSignals | undefined;
  const lines = source.kind === "file" || source.kind === "stdin" ? "script" : "typed";
  const { host, programs } = createHost({
    ...{ options: { ...run, env: {} }, keyboard, lines },
    languages: once(() => openBuiltLanguages(languageDataFolder())),
    // Where lines come from, no program reads.
    ownInput: () => (source.kind === "stdin" || isStdinEmpty() ? "empty" : process.stdin),
    signals: () => signals,
  });
  const state = createState({
    name: source.kind === "file" ? source.file : "glovebox",
    ...{ args, folder: process.cwd(), options: options.options, variables: run.env },
    inherited: lines === "typed" ? process.env : scriptVariables(),
  });
  const session = { mode: "emacs" as const, prompt: usualPrompt, history: [] };
  const shell: Shell = { host, session, builtins: createBuiltins(), jobs: createJobs() };
  const own = { stdin: "own" as const, stdout: host.stdout, stderr: host.stderr };
  const runOne = async (line: string): Promise<LineEnd> => {
    using listening = listenForLine();
    signals = listening;
    const parts: LineParts = {
      ...{ shell, state, streams: own, signal: listening.signal, sandboxes: options.sandboxes },
      isInterrupted: () => listening.received() !== undefined,
    };
    try {
      const end = await runLine(line, parts);
      const received = listening.received();
      if (received === undefined) return end;
      // A terminal that is gone, or `kill`, is the end of the shell, too.
      return { status: 128 + signalNumber(received), isExit: end.isExit || received !== "SIGINT" };
    } finally {
      signals = undefined;
    }
  };
  return { shell, state, programs, keyboard, run: runOne };
}

/** Whoever wrote a script need not know what else is in the environment. */
function scriptVariables(): Readonly<Record<string, string | undefined>> {
  const { USER, LANG, TERM } = process.env;
  return { HOME: homedir(), USER, LANG, TERM };
}

/** More is no script that somebody wrote. */
const maxScriptBytes = 1024 * 1024;

/** @throws {GloveboxError} `INVALID_REQUEST` */
function readScript(file: string): string {
  try {
    return readBoundedFile(file, maxScriptBytes);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw invalidRequest("FILE", `\`${file}\` can't be read: ${code ?? message}.`);
  }
}

/** One after the other, each as soon as it is whole. */
async function runLines(open: OpenShell): Promise<number> {
  let text = "";
  let status = 0;
  const { createInterface } = await import("node:readline");
  if (isStdinEmpty()) return 0;
  for await (const line of createInterface({ input: process.stdin })) {
    text += `${line}\n`;
    if (text.length > maxScriptBytes) {
      printNote("the lines on stdin don't end: more than a MiB belongs to one command");
      return EXIT_OUR_FAILURE;
    }
    if (parseLine(text).kind === "incomplete") continue;
    const end = await open.run(text);
    status = end.status;
    text = "";
    if (end.isExit) return status;
  }
  return text.trim() === "" ? status : (await open.run(text)).status;
}

export const hasTerminal = (): boolean =>
  process.stdin.isTTY && process.stdout.isTTY && isInForeground();
