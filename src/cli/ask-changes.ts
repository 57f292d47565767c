/**
 * @module
 * What is to become of changes, asked on the terminal. Whatever happens there, nothing is lost: what is
 * not answered is kept.
 */
import { closeSync, openSync } from "node:fs";
import type { Readable } from "node:stream";
import { ReadStream } from "node:tty";
import type { ChangesChoice } from "./changes-flags.ts";

export interface Keyboard extends Disposable {
  /** The next key that was pressed alone; undefined once there are no more, or after Ctrl-C. */
  readonly next: () => Promise<string | undefined>;
}

const choices: Readonly<Record<string, ChangesChoice>> = {
  a: "apply",
  A: "applyAll",
  k: "keep",
  d: "discard",
};

/**
 * @param show The changes in full.
 * @param isDelicate Whether `a` would hold something back.
 */
export async function askForChoice(
  keyboard: Keyboard,
  write: (text: string) => void,
  { show, isDelicate }: { readonly show: () => void; readonly isDelicate: boolean },
): Promise<ChangesChoice> {
  const all = isDelicate ? "[a]pply but what is marked !  [A]pply all  " : "[a]pply  ";
  const question = `glovebox: ${all}[k]eep aside  [d]iscard  [v]iew: `;
  write(question);
  for (;;) {
    const key = await keyboard.next();
    const choice = key === undefined ? "keep" : choices[key];
    if (choice !== undefined) {
      write(`${key ?? ""}\n`);
      return choice;
    }
    if (key !== "v") continue;
    write("v\n");
    show();
    write(question);
  }
}

/** What was typed before the question could be read is no answer to it. */
const IGNORED_MS = 400;

/** The terminal of this process, whatever its stdin is. Undefined where there is none. */
export function openKeyboard(signal: AbortSignal): Keyboard | undefined {
  let fd: number | undefined;
  try {
    fd = openSync("/dev/tty", "r+");
    const terminal = new ReadStream(fd);
    return keyboardOf(terminal, {
      ...{
        signal,
        setRaw: (on) => {
          if (!terminal.destroyed) terminal.setRawMode(on);
        },
      },
      close: () => terminal.destroy(),
    });
  } catch {
    if (fd !== undefined) closeSync(fd);
    return undefined;
  }
}

interface KeyboardParts {
  readonly signal: AbortSignal;
  /** On: each key comes as it is typed. */
  readonly setRaw: (on: boolean) => void;
  readonly close: () => void;
}

/** Keys of a terminal that is somebody else's for the rest of the time. */
export function keyboardOf(terminal: Readable, { signal, setRaw, close }: KeyboardParts): Keyboard {
  const startedMs = performance.now();
  const keys: string[] = [];
  let isOver = signal.aborted;
  let wake: () => void = () => undefined;
  const end = (): void => {
    isOver = true;
    wake();
  };
  setRaw(true);
  terminal.on("data", (bytes: Buffer) => {
    if (performance.now() - startedMs < IGNORED_MS) return;
    const key = bytes.toString("latin1");
    // Ctrl-C, Ctrl-D. What comes as several bytes is an arrow, or was pasted.
    if (key === "\x03" || key === "\x04") end();
    else if (key.length === 1) keys.push(key);
    wake();
  });
  terminal.on("error", end).on("close", end).on("end", end);
  signal.addEventListener("abort", end, { once: true });
  return {
    next: async () => {
      while (keys.length === 0 && !isOver) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return isOver ? undefined : keys.shift();
    },
    [Symbol.dispose]: () => {
      signal.removeEventListener("abort", end);
      setRaw(false);
      close();
    },
  };
}
