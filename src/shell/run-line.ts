/**
 * @module
 * A line, or a script, from its text to its exit code: understood, checked, and only then run.
 */
import type { ParsedScript } from "unbash";
import { parseWithAliases } from "./aliases.ts";
import { asBash } from "./as-bash.ts";
import { missingWords, type MissingWord } from "./check-words.ts";
import { createFinder } from "./find-word.ts";
import { runScript } from "./run-script.ts";
import type { Running, Shell } from "./shell.ts";
import type { ShellState } from "./state.ts";
import { isVisibleIn, startSandbox } from "./run-command.ts";
import type { Streams } from "./streams.ts";

/** As of bash. */
const EXIT_WRONG_LINE = 2;
const EXIT_NOT_FOUND = 127;

export interface LineParts {
  readonly shell: Shell;
  readonly state: ShellState;
  readonly streams: Streams;
  readonly signal: AbortSignal;
  readonly isInterrupted: () => boolean;
  /** `shared`: all that is not the shell's own runs as one `bash` in one sandbox. */
  readonly sandboxes?: "own" | "shared";
}

export interface LineEnd {
  readonly status: number;
  /** The shell itself is to end. */
  readonly isExit: boolean;
}

/** Does not throw: what fails is told, and has an exit code. */
export async function runLine(text: string, parts: LineParts): Promise<LineEnd> {
  const { shell, state } = parts;
  try {
    const end = await run(text, parts);
    state.status = end.status;
    return end;
  } catch (error) {
    state.status = shell.host.fail(error);
    return { status: state.status, isExit: false };
  }
}

async function run(text: string, parts: LineParts): Promise<LineEnd> {
  const { shell, state } = parts;
  const { host, builtins } = shell;
  const line = parseWithAliases(text, state.aliases);
  if (line.kind !== "line") {
    host.refuse(`the line is not understood: ${line.message}`);
    return { status: EXIT_WRONG_LINE, isExit: false };
  }
  const isShared = parts.sandboxes === "shared" && !isOwn(line.script, builtins);
  const find = createFinder(host, (name) => builtins.has(name));
  const expansion = { state, home: host.home, isVisible: isVisibleIn(host.reach, state) };
  const runner = isShared ? "bash" : "shell";
  const missing = await missingWords(line.script, { expansion, find, runner });
  if (missing.length > 0) {
    for (const each of missing) host.refuse(explainMissing(each));
    return { status: EXIT_NOT_FOUND, isExit: false };
  }
  const running: Running = {
    ...{ ...parts, find, runScript, isBackground: false, isCopy: false },
    said: new Set(),
    end: { code: undefined },
  };
  const status = isShared
    ? await startSandbox({ kind: "program", argv: asBash(state, line.source) }, running)
    : await runScript(line.script, line.source, running);
  return { status: running.end.code ?? status, isExit: running.end.code !== undefined };
}

/** A line of a builtin alone, as `cd sub`, is the shell's. */
function isOwn({ commands }: ParsedScript, builtins: Shell["builtins"]): boolean {
  const [first, ...others] = commands;
  if (first === undefined) return true;
  const { command } = first;
  if (others.length > 0 || command.type !== "Command") return false;
  return command.name === undefined || builtins.has(command.name.value);
}

function explainMissing({ word, isOnlyOutside }: MissingWord): string {
  if (isOnlyOutside) {
    return `\`${word}\` is not there inside of a \`bash\`, which runs loops, functions and groups: only programs of the sandbox are. Nothing was run.`;
  }
  return `\`${word}\`: not found: no builtin, alias, package, script or program of the sandbox has this name. Nothing was run.`;
}
