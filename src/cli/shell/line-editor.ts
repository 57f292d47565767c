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
  readonly isAsking: () => boolean;
  /** As Ctrl-D. */
  readonly end: () => void;
}

export interface LineEditorParts {
  readonly keyboard: Keyboard;
  /** The latest is the last. */
  readonly history: readonly string[];
  readonly mode: () => "vi" | "emacs";
  readonly complete: (line: string) => readonly [words: string[], typed: string];
}

const maxHistory = 5000;

export function openLineEditor(parts: LineEditorParts): LineEditor {
  const { stdout } = process;
  const keys = new PassThrough();
  const lines = createLines();
  // What the editor shows while no line is asked for would be among a program's output.
  const { editor, filter } = openEditor(keys, lines.isAsked, parts);
  editor.on("line", lines.add);
  editor.on("close", lines.end);
  editor.on("SIGINT", () => {
    const wasEmpty = editor.line === "";
    stdout.write("^C\n");
    Object.assign(editor, { line: "", cursor: 0 });
    lines.interrupt(wasEmpty);
  });
  // Ctrl-Z would leave a shell that nobody can come back to.
  editor.on("SIGTSTP", () => undefined);
  return {
    read: async (prompt) => {
      const pasted = lines.takePasted();
      if (pasted !== undefined) {
        if (pasted.kind === "line") stdout.write(`${prompt}${pasted.line}\n`);
        return pasted;
      }
      filter.reset();
      const typed = lines.next();
      editor.setPrompt(prompt);
      // First the keys: whoever sees the prompt may press any of them.
      const giveBack = parts.keyboard.forPrompt(keys);
      try {
        editor.prompt(true);
        return await typed;
      } finally {
        giveBack();
      }
    },
    isAsking: lines.isAsked,
    end: () => {
      editor.close();
    },
    [Symbol.dispose]: () => {
      editor.close();
    },
  };
}

/** Lines on their way from the editor to who asks for one. */
function createLines() {
  /** They came at once: they were pasted. */
  let waiting: string[] = [];
  let settle: ((typed: TypedLine) => void) | undefined;
  let hasEnded = false;
  const answer = (typed: TypedLine): void => {
    const waiter = settle;
    settle = undefined;
    waiter?.(typed);
  };
  return {
    isAsked: (): boolean => settle !== undefined,
    add: (line: string): void => {
      if (settle === undefined) waiting.push(line);
      else answer({ kind: "line", line });
    },
    end: (): void => {
      hasEnded = true;
      answer({ kind: "end" });
    },
    interrupt: (wasEmpty: boolean): void => {
      waiting = [];
      answer({ kind: "interrupted", wasEmpty });
    },
    takePasted: (): TypedLine | undefined => {
      const line = waiting.shift();
      if (line !== undefined) return { kind: "line", line };
      return hasEnded ? { kind: "end" } : undefined;
    },
    next: async (): Promise<TypedLine> =>
      new Promise((resolve) => {
        settle = resolve;
      }),
  };
}

function openEditor(
  keys: PassThrough,
  isShown: () => boolean,
  { history, mode, complete }: LineEditorParts,
) {
  const input = new PassThrough();
  const editor = createInterface({
    ...{ input, output: outputWhile(isShown), terminal: true, historySize: maxHistory },
    history: [...history].reverse(),
    completer: (line: string) => complete(line),
  });
  const filter = createKeyFilter({
    mode,
    history: () => history,
    show: (text) => process.stdout.write(`\r\u001b[J${text}`),
    restore: () => editor.prompt(true),
  });
  keys.setEncoding("utf8").on("data", (text: string) => {
    // More than one at a time it would put in the wrong order in the middle of a line.
    for (const key of filter.read(text)) input.write(key);
  });
  keys.on("end", () => input.end());
  return { editor, filter };
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
