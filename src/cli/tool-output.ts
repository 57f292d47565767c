/**
 * @module
 * What other programs say while they work for us: apt, mmdebstrap, npm. Of hundreds of lines somebody
 * needs to see that it goes on, and, where it fails, the last ones.
 */
import type { Readable } from "node:stream";
import { escapeControls } from "./escape-controls.ts";
import type { ProgressOutput } from "./image-progress.ts";

export interface ToolTalk {
  /** Nothing, but for a failure. */
  readonly isQuiet: boolean;
  /** All of it, as it comes. */
  readonly isVerbose: boolean;
}

/** Disposed of when the program has ended. */
export interface ToolOutput extends Disposable {
  /** Reads what it says to the end. */
  readonly follow: (stream: Readable) => void;
  /** Shows the last lines, for a failure; where all was shown already, nothing. */
  readonly showEnd: () => void;
}

export interface ToolOutputOptions extends ToolTalk {
  /** What goes on, for people. */
  readonly title: string;
  /** Default: our stderr. */
  readonly output?: ProgressOutput;
  /** How often something new is shown. */
  readonly intervalMs?: number;
}

const LAST_LINES = 20;
/** Of one line; apt draws bars without line feeds. */
const MAX_LINE_CHARS = 400;
const TTY_INTERVAL_MS = 250;
const LOG_INTERVAL_MS = 10_000;

/** On a terminal one line that changes, elsewhere a line now and then. */
export function openToolOutput(options: ToolOutputOptions): ToolOutput {
  const { title, isQuiet, isVerbose, output = process.stderr } = options;
  const isTerminal = output.isTTY === true;
  const startedAt = performance.now();
  const last: string[] = [];
  let isLineOpen = false;
  const clear = (): void => {
    if (isLineOpen) output.write("\r\x1b[K");
    isLineOpen = false;
  };
  const show = (): void => {
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    const line = escapeControls(`${title}, ${seconds} s  ${last.at(-1) ?? ""}`.trimEnd());
    if (!isTerminal) {
      output.write(`glovebox: ${line}\n`);
      return;
    }
    isLineOpen = true;
    output.write(`\r\x1b[K${line.slice(0, Math.max((output.columns ?? 80) - 1, 0))}`);
  };
  const intervalMs = options.intervalMs ?? (isTerminal ? TTY_INTERVAL_MS : LOG_INTERVAL_MS);
  // It must not keep this process alive.
  const timer = isQuiet || isVerbose ? undefined : setInterval(show, intervalMs).unref();
  const onLine = (line: string): void => {
    if (line.trim() === "") return;
    last.push(line.slice(0, MAX_LINE_CHARS));
    if (last.length > LAST_LINES) last.shift();
  };
  return {
    follow: (stream) => {
      readLines(stream, onLine, (text) => {
        if (isVerbose) output.write(text);
      });
    },
    showEnd: () => {
      clear();
      if (!isVerbose) for (const line of last) output.write(`  ${escapeControls(line)}\n`);
    },
    [Symbol.dispose]: () => {
      clearInterval(timer);
      clear();
    },
  };
}

/** Two streams of one program may each be in the middle of a line. */
function readLines(
  stream: Readable,
  onLine: (line: string) => void,
  onText: (text: string) => void,
): void {
  let begun = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    onText(text);
    const lines = `${begun}${text}`.split(/[\n\r]+/);
    begun = (lines.pop() ?? "").slice(0, MAX_LINE_CHARS);
    lines.forEach(onLine);
  });
  stream.once("end", () => {
    onLine(begun);
  });
}
