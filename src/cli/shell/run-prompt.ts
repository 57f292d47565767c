/**
 * @module
 * A shell for somebody who types: prompt, line, next prompt.
 */
import { join } from "node:path";
import { describeJob } from "../../shell/builtins/jobs.ts";
import { complete } from "../../shell/complete.ts";
import { openHistory } from "../../shell/history.ts";
import { parseLine } from "../../shell/parse-line.ts";
import { invalidRequest } from "../../core/errors.ts";
import { stateFolder } from "../../util/user-folders.ts";
import { signalNumber } from "../exit.ts";
import { painterFor, printNote } from "../print.ts";
import { handledSignals } from "../signals.ts";
import { packageNames } from "./find-package.ts";
import { openLineEditor, type LineEditor, type TypedLine } from "./line-editor.ts";
import type { OpenShell } from "./open-shell.ts";

/** @returns The exit code. */
export async function runPrompt(open: OpenShell): Promise<number> {
  const { shell, state, programs, keyboard } = open;
  if (keyboard === undefined) throw invalidRequest("LINE", "there is no terminal to type on.");
  const folder = stateFolder(process.env);
  const history = openHistory(folder === undefined ? undefined : join(folder, "shell-history"));
  const { session, builtins, host } = shell;
  const commands = (): readonly string[] => [
    ...[...state.aliases.keys(), ...state.functions.keys()],
    ...[...packageNames(), ...programs.names()],
  ];
  session.history = history.lines;
  using editor = openLineEditor({
    ...{ keyboard, history: history.lines },
    mode: () => session.mode,
    complete: (line) => {
      const sources = { builtins, commands, folder: state.folder, home: host.home };
      const { words, typed } = complete(line, sources);
      return [[...words], typed];
    },
  });
  using ending = endAtSignal(editor);
  for (;;) {
    for (const job of shell.jobs.takeEnded()) printNote(describeJob(job));
    const typed = await readLine(editor, () => paintPrompt(session.prompt));
    if (typed.kind === "interrupted") {
      if (typed.wasEmpty) return state.status;
      continue;
    }
    if (typed.kind === "end") {
      const received = ending.received();
      if (received !== undefined) return 128 + signalNumber(received);
      process.stdout.write("exit\n");
      return state.status;
    }
    if (typed.line.trim() === "") continue;
    history.add(typed.line);
    const end = await open.run(typed.line);
    if (end.isExit) return end.status;
  }
}

/** Of a signal while a line is typed; what runs hears of it by itself. The terminal stays as it was. */
function endAtSignal(
  editor: LineEditor,
): Disposable & { received: () => NodeJS.Signals | undefined } {
  let received: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!editor.isAsking()) return;
    received = signal;
    editor.end();
  };
  for (const signal of handledSignals) process.on(signal, onSignal);
  return {
    received: () => received,
    [Symbol.dispose]: () => {
      for (const signal of handledSignals) process.off(signal, onSignal);
    },
  };
}

/** A line, with all that it takes to complete it. */
async function readLine(editor: LineEditor, prompt: () => string): Promise<TypedLine> {
  let text = "";
  for (;;) {
    const typed = await editor.read(text === "" ? prompt() : "> ");
    const isFirst = text === "";
    // Out of a line that is open Ctrl-C and Ctrl-D lead to the next prompt.
    if (typed.kind !== "line") return isFirst ? typed : { kind: "interrupted", wasEmpty: false };
    text += typed.line;
    if (parseLine(text).kind !== "incomplete") return { kind: "line", line: text };
    text += "\n";
  }
}

function paintPrompt(prompt: string): string {
  const paint = painterFor(process.stdout, process.env);
  return prompt.replace(/^\S+/, (sign) => paint("red", sign));
}
