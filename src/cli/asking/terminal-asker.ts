/**
 * @module
 * Questions on our own terminal.
 */
import type { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import type { Asker } from "../../permissions/asker.ts";
import { TtyAsker } from "../../permissions/tty-asker.ts";
import type { ExecutionControl } from "../../service/request.ts";
import { painterFor } from "../print.ts";
import type { QuestionTerminal } from "../question-terminal.ts";
import type { RunDoor } from "../run-door.ts";

export interface TerminalAsker extends Disposable {
  readonly asker: Asker;
  /** Our stdin for the program; absent: it is another stream than the terminal. */
  readonly programInput: Readable | undefined;
  /** From here on Ctrl-C in a question reaches the program. */
  readonly attach: (control: ExecutionControl) => void;
}

export interface TerminalAskerOptions {
  readonly terminal: QuestionTerminal;
  readonly door: Pick<RunDoor, "outputGate" | "inTurn">;
  /** What was run. */
  readonly command: string;
  /** Of the user, canonical. */
  readonly home: string;
}

/** From Ctrl-C to the program's signal. */
const SIGNAL_MS = 150;

export function createTerminalAsker(options: TerminalAskerOptions): TerminalAsker {
  const { terminal, door, command, home } = options;
  let control: ExecutionControl | undefined;
  const isDumb = process.env["TERM"] === "dumb";
  const paint = painterFor({ isTTY: true }, process.env);
  const look = {
    ...{ command, home },
    color: paint("bold", "") !== "",
    unicode: !isDumb && /utf-?8/i.test(localeOf(process.env)),
  };
  let interrupted = 0;
  const tty = new TtyAsker({
    input: terminal.input,
    output: terminal.output,
    setRaw: terminal.setRaw,
    hold: () => {
      const release = door.outputGate.hold();
      return {
        showOutput: () => {
          release();
          redraw(control, terminal);
        },
        returnKeys: () => undefined,
      };
    },
    // As if the terminal had sent it: the program gets the first one, the second one is the end.
    onInterrupt: () => {
      interrupted += 1;
      process.kill(process.pid, "SIGINT");
    },
    text: () => ({ ...look, columns: terminal.columns() }),
    isDumb,
  });
  const asker: Asker = {
    name: tty.name,
    asksPeople: tty.asksPeople,
    ask: async (question, signal) => {
      const before = interrupted;
      const answer = await door.inTurn(async () => tty.ask(question, signal));
      // The signal comes first: a program that is to end should not go on with a refusal.
      if (interrupted > before)
        await setTimeout(SIGNAL_MS, undefined, { signal }).catch(() => undefined);
      return answer;
    },
  };
  return {
    asker,
    programInput: terminal.programInput,
    attach: (started) => (control = started),
    [Symbol.dispose]: () => {
      tty[Symbol.dispose]();
      terminal[Symbol.dispose]();
    },
  };
}

/** As locale(7) has it. */
function localeOf(env: NodeJS.ProcessEnv): string {
  return [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]].find((text) => (text ?? "") !== "") ?? "";
}

/** A program that fills the screen draws it anew when its size changes. */
function redraw(control: ExecutionControl | undefined, terminal: QuestionTerminal): void {
  const { columns, rows } = terminal.size();
  control?.resize({ columns, rows: Math.max(rows - 1, 1) });
  control?.resize({ columns, rows });
}
