/**
 * @module
 * `--tty`: our own terminal, handed to the program for the time of its run.
 */
import type { TtySize } from "../core/command.ts";
import { invalidRequest } from "../core/errors.ts";
import type { ExecutionControl } from "../service/request.ts";

export interface OwnTerminal extends Disposable {
  readonly size: TtySize;
  /** From here on keys go to the program as they are typed, Ctrl-C as well, and it hears of new sizes. */
  readonly attach: (control: ExecutionControl) => void;
}

/** @throws {GloveboxError} `INVALID_REQUEST` where stdin or stdout is no terminal. */
export function openOwnTerminal(): OwnTerminal {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) {
    throw invalidRequest(
      "--tty",
      "needs a terminal as stdin and stdout. Leave it out where one of them is a pipe or a file.",
    );
  }
  let onResize: (() => void) | undefined;
  return {
    size: sizeOf(stdout),
    attach: (control) => {
      stdin.setRawMode(true);
      onResize = (): void => {
        control.resize(sizeOf(stdout));
      };
      stdout.on("resize", onResize);
    },
    [Symbol.dispose]: () => {
      if (onResize === undefined) return;
      stdout.off("resize", onResize);
      // Of a terminal that is gone the mode can't be set, and need not be.
      if (!stdin.destroyed) stdin.setRawMode(false);
    },
  };
}

/** A terminal that doesn't tell has 0. */
function sizeOf({ columns, rows }: { columns: number; rows: number }): TtySize {
  return { columns: columns || 80, rows: rows || 24 };
}
