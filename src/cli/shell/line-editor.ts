/**
 * @module
 * Lines as somebody types them, with all keys of a line editor.
 */
import type { EventEmitter } from "node:events";
import { createInterface } from "node:readline";
import { PassThrough, Writable } from "node:stream";
import { createKeyFilter } from "./edit-keys.ts";
import type { Keyboard } from "./keyboard.ts";

/** `end`: Ctrl-D. `interrupted`: Ctrl-C, of a line with nothing in it or of one with something. */
export type TypedLine =
  | { readonly kind: "line"; readonly line: string }
  | { readonly kind: "end" }
  | { readonly kind: "interrupted"; readonly wasEmpty: boolean };

export interface LineEditor extends Disposable {
  readonly read: (prompt: string) => Promise<TypedLine>;
}

export interface LineEditorParts {
  readonly keyboard: Keyboard;
  /** The latest is the last. */
  readonly history: readonly string[];
  readonly mode: () => "vi" | "emacs";
  readonly complete: (line: string) => readonly [words: string[], typed: string];
}

const maxHistory = 5000;

export function openLineEditor({ keyboard, history, mode, complete }: LineEditorParts): LineEditor {
  const { stdout } = process;
  // What the editor shows while no line is asked for would be among a program's output.
  let isAsking = false;
  const output = outputWhile(() => isAsking);
  const keys = new PassThrough();
  const input = new PassThrough();
  const editor = createInterface({
    ...{ input, output, terminal: true, historySize: maxHistory },
    history: [...history].reverse(),
    completer: (line: string) => complete(line),
  });
  const filter = createKeyFilter({
    mode,
    history: () => history,
    show: (text) => stdout.write(`\r\u001b[J${text}`),
    restore: () => editor.prompt(true),
  });
  keys.setEncoding("utf8").on("data", (text: string) => input.write(filter.read(text)));
  keys.on("end", () => input.end());

  /** Lines that came at once: they were pasted. */
  const waiting: string[] = [];
  let settle: ((typed: TypedLine) => void) | undefined;
  let hasEnded = false;
  const answer = (typed: TypedLine): void => {
    const waiter = settle;
    settle = undefined;
    // What was pasted behind it is shown when its turn comes.
    isAsking = false;
    waiter?.(typed);
  };
  editor.on("line", (line) => {
    if (settle === undefined) waiting.push(line);
    else answer({ kind: "line", line });
  });
  editor.on("close", () => {
    hasEnded = true;
    answer({ kind: "end" });
  });
  editor.on("SIGINT", () => {
    const wasEmpty = editor.line === "";
    stdout.write("^C\n");
    waiting.length = 0;
    Object.assign(editor, { line: "", cursor: 0 });
    answer({ kind: "interrupted", wasEmpty });
  });
  // Ctrl-Z would leave a shell that nobody can come back to.
  editor.on("SIGTSTP", () => undefined);
  return {
    read: async (prompt) => {
      const pasted = waiting.shift();
      if (pasted !== undefined) {
        stdout.write(`${prompt}${pasted}\n`);
        return { kind: "line", line: pasted };
      }
      if (hasEnded) return { kind: "end" };
      filter.reset();
      isAsking = true;
      const giveBack = keyboard.forPrompt(keys);
      try {
        return await new Promise<TypedLine>((resolve) => {
          settle = resolve;
          editor.setPrompt(prompt);
          editor.prompt();
        });
      } finally {
        isAsking = false;
        giveBack();
      }
    },
    [Symbol.dispose]: () => {
      settle = undefined;
      editor.close();
    },
  };
}

/** Our stdout for the editor: it needs its width, and hears when that changes. */
function outputWhile(isShown: () => boolean): Writable {
  const { stdout } = process;
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (isShown()) stdout.write(chunk);
      done();
    },
  });
  Object.defineProperty(output, "columns", { get: () => stdout.columns || 80 });
  Object.defineProperty(output, "rows", { get: () => stdout.rows || 24 });
  stdout.on("resize", () => {
    if (isShown()) (output as EventEmitter).emit("resize");
  });
  return output;
}
