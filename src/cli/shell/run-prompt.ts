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
import { painterFor, printNote } from "../print.ts";
import { packageNames } from "./find-package.ts";
import { openLineEditor, type LineEditor } from "./line-editor.ts";
import type { OpenShell } from "./run-shell.ts";

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
  for (;;) {
    for (const job of shell.jobs.takeEnded()) printNote(describeJob(job));
    const typed = await readLine(editor, () => paintPrompt(session.prompt));
    if (typed === "again") continue;
    if (typed === "leave") return state.status;
    if (typed === "end") {
      process.stdout.write("exit\n");
      return state.status;
    }
    if (typed.trim() === "") continue;
    history.add(typed);
    const end = await open.run(typed);
    if (end.isExit) return end.status;
  }
}

/** `again`: it was thrown away. `leave`: Ctrl-C on an empty line. `end`: Ctrl-D. */
async function readLine(
  editor: LineEditor,
  prompt: () => string,
): Promise<string | "again" | "leave" | "end"> {
  let text = "";
  for (;;) {
    const typed = await editor.read(text === "" ? prompt() : "> ");
    if (typed.kind === "end") return text === "" ? "end" : "again";
    if (typed.kind === "interrupted") return text === "" && typed.wasEmpty ? "leave" : "again";
    text += typed.line;
    if (parseLine(text).kind !== "incomplete") return text;
    text += "\n";
  }
}

function paintPrompt(prompt: string): string {
  const paint = painterFor(process.stdout, process.env);
  return prompt.replace(/^\S+/, (sign) => paint("red", sign));
}
