/**
 * @module
 * One command: its words and redirections, and who runs it.
 */
import type { Assignment, Command, CommandNode, Redirection, Script } from "unbash";
import { isGloveboxError, invalidRequest } from "../core/errors.ts";
import { asBash } from "./as-bash.ts";
import { expandText, expandWords, type Expansion } from "./expand-word.ts";
import type { Found } from "./find-word.ts";
import type { Reach, Runnable } from "./host.ts";
import { parseLine } from "./parse-line.ts";
import { redirect } from "./redirect.ts";
import type { Running } from "./shell.ts";
import { copyState, exportedVariables, type ShellState } from "./state.ts";
import { collectText, type Streams } from "./streams.ts";
import { handedOver, isForeign } from "./understood.ts";

const EXIT_NOT_FOUND = 127;
/** Of what `$(…)` writes: it becomes words. */
const maxSubstitutedBytes = 16 * 1024 * 1024;

/** @returns The exit code. What fails here is told, and ends this command only. */
export async function runCommand(
  node: CommandNode,
  source: string,
  running: Running,
): Promise<number> {
  try {
    if (node.type === "Redirected") {
      const text = source.slice(node.command.pos, node.command.end);
      const what = handedOver(node.command) ?? "a command";
      return await runHandedOver(what, text, node.redirects, running);
    }
    if (node.type === "Function")
      return define(node.name.value, source.slice(node.pos, node.end), running);
    const what = handedOver(node);
    if (node.type === "Command" && what === undefined) return await runSimple(node, running);
    const text = source.slice(node.pos, node.end);
    return await runHandedOver(what ?? "a command", text, [], running);
  } catch (error) {
    if (running.signal.aborted && !isGloveboxError(error)) return EXIT_INTERRUPTED;
    return running.shell.host.fail(error);
  }
}

/** 128 and SIGINT. */
const EXIT_INTERRUPTED = 130;

function define(name: string, text: string, { state }: Running): number {
  state.functions.set(name, text);
  return 0;
}

/** What only bash understands, as a whole, in one sandbox. */
export async function runHandedOver(
  what: string,
  text: string,
  redirections: readonly Redirection[],
  running: Running,
): Promise<number> {
  const { said, shell, state } = running;
  if (!said.has(what)) {
    said.add(what);
    shell.host.note(`${what} runs as one \`bash\` in one sandbox; what it sets is gone with it`);
  }
  return withRedirections(redirections, running, async (streams) =>
    startSandbox({ kind: "program", argv: asBash(state, text) }, { ...running, streams }),
  );
}

async function runSimple(command: Command, running: Running): Promise<number> {
  const { state, shell, find } = running;
  const expansion = expansionOf(running);
  if (command.name === undefined) return assignAll(command, running, expansion);
  const words = command.args.map((arg) => (arg.type === "Word" ? arg : wordOf(arg)));
  const [name, ...args] = await expandWords([command.name, ...words], expansion);
  return withRedirections(command.redirects, running, async (streams) => {
    if (name === undefined) return state.status;
    const found = await find(name, state);
    if (found === undefined) {
      shell.host.refuse(`\`${name}\`: not found`);
      return EXIT_NOT_FOUND;
    }
    if (found.kind === "builtin") {
      return (await shell.builtins.get(name)?.run(args, running, streams)) ?? EXIT_NOT_FOUND;
    }
    const env = await assigned(command.prefix, expansion);
    return startSandbox(runnable(found, name, args, state), { ...running, streams }, env);
  });
}

/** `export X=1`: a word that looks like an assignment is one of the command's. */
const wordOf = ({ text, pos, end, value, name }: Assignment) => ({
  type: "Word" as const,
  ...{ text, pos, end },
  value: text,
  parts:
    value.type === "Word"
      ? [
          { type: "SingleQuoted" as const, value: `${name}=`, text: "", pos, end },
          {
            type: "DoubleQuoted" as const,
            ...{ text: value.text, pos, end },
            parts: (value.parts ?? [
              { type: "Literal" as const, value: value.value, text: value.text, pos, end },
            ]) as never,
          },
        ]
      : undefined,
});

function runnable(
  found: Exclude<Found, { kind: "builtin" }>,
  name: string,
  args: readonly string[],
  state: ShellState,
): Runnable {
  switch (found.kind) {
    case "function":
      return { kind: "program", argv: asBash(state, `${name} "$@"`, args) };
    case "builtin":
      throw new Error("a builtin needs no sandbox");
    case "package":
      return { kind: "package", found: found.found, args };
    case "script":
      return { kind: "script", file: found.file, args };
    case "program":
      return { kind: "program", argv: [found.name, ...args] };
  }
}

/** In a sandbox of its own. */
export async function startSandbox(
  what: Runnable,
  { shell, state, streams, signal, isBackground }: Running,
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const command = {
    ...{ what, isBackground, folder: state.folder },
    env: { ...exportedVariables(state), ...env },
  };
  return shell.host.run(command, streams, signal);
}

async function withRedirections(
  redirections: readonly Redirection[],
  running: Running,
  work: (streams: Streams) => Promise<number>,
): Promise<number> {
  if (redirections.length === 0) return work(running.streams);
  const { reach } = running.shell.host;
  const place = { expansion: expansionOf(running), reach };
  const redirected = await redirect(redirections, running.streams, place);
  let status: number;
  try {
    status = await work(redirected.streams);
  } catch (error) {
    await redirected.close().catch(() => undefined);
    throw error;
  }
  try {
    await redirected.close();
  } catch (error) {
    throw invalidRequest(
      "redirection",
      `can't be written to its end: ${(error as Error).message}.`,
    );
  }
  return status;
}

async function assignAll(
  { prefix, redirects }: Command,
  running: Running,
  expansion: Expansion,
): Promise<number> {
  running.state.status = 0;
  const values = await assigned(prefix, expansion);
  for (const [name, value] of Object.entries(values)) running.state.variables.set(name, value);
  // `> file` alone makes the file.
  return withRedirections(redirects, running, async () => running.state.status);
}

async function assigned(
  prefix: Command["prefix"],
  expansion: Expansion,
): Promise<Readonly<Record<string, string>>> {
  const values: Record<string, string> = {};
  for (const each of prefix) {
    if (each.type !== "Assignment") continue;
    if (each.value.type !== "Word" || isForeign(each)) {
      throw invalidRequest(
        `\`${each.text}\``,
        "only bash understands it, and a sandbox sets nothing here. Write all that needs it for `bash -c`.",
      );
    }
    const value = await expandText(each.value, expansion);
    const before = expansion.state.variables.get(each.name) ?? "";
    values[each.name] = each.append === true ? before + value : value;
  }
  return values;
}

/** What names a script may look at: only those of its workspace. */
export const isVisibleIn =
  (reach: Reach, state: ShellState) =>
  (folder: string): boolean => {
    if (reach.isFree) return true;
    const workspace = reach.workspaceOf(state.folder);
    return `${folder}/`.startsWith(`${workspace}/`);
  };

function expansionOf(running: Running): Expansion {
  const { state, shell } = running;
  return {
    state,
    home: shell.host.home,
    isVisible: isVisibleIn(shell.host.reach, state),
    substitute: async (source) => substitute(source, running),
  };
}

/** What `$(…)` writes. Its exit code is that of an assignment in which it stands. */
async function substitute(source: string, running: Running): Promise<string> {
  const line = parseLine(source);
  if (line.kind !== "line") throw invalidRequest(`\`$(${source})\``, line.message);
  const script: Script = line.script;
  const collected = collectText(maxSubstitutedBytes);
  const state = copyState(running.state);
  const streams = { ...running.streams, stdout: collected.stream };
  const end = { code: undefined };
  const inner: Running = { ...running, streams, state, isCopy: true, end };
  const status = await running.runScript(script, source, inner);
  running.state.status = inner.end.code ?? status;
  const text = collected.text();
  if (text === undefined) {
    throw invalidRequest(`\`$(${source})\``, `wrote more than ${maxSubstitutedBytes} bytes.`);
  }
  return text.replaceAll("\0", "");
}
