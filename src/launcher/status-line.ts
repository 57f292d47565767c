/**
 * @module
 * The launcher's status lines, see native/launcher/README.md. They come from our own program, but
 * are checked like anything else that crosses a process boundary.
 */

/** How a command ended, in the launcher's words. */
export interface ExitStatus {
  readonly kind: "exit";
  /** Exit code, or -1 where a signal ended it. */
  readonly code: number;
  /** Signal number, or 0. */
  readonly signal: number;
  /** `none`, `canceled` or the name of the limit that ended it. */
  readonly limit: string;
  readonly wallUs: number;
  readonly cpuUs: number;
  readonly peakBytes: number;
  /** Bytes passed on of each stream. */
  readonly stdout: number;
  readonly stderr: number;
  readonly droppedStdout: number;
  readonly droppedStderr: number;
  /** Whether there may be something in `/workspace/out`. */
  readonly hasOut: boolean;
  readonly sandboxDead: boolean;
}

export type StatusLine =
  | { readonly kind: "ready" }
  /** The command that was to be started ahead waits, and holds so much. */
  | { readonly kind: "parked"; readonly memoryBytes: number }
  | { readonly kind: "error"; readonly text: string }
  | { readonly kind: "control"; readonly control: string; readonly by: string }
  | ExitStatus;

/** What the launcher says; an `error` for a line that it never writes. */
export function parseStatusLine(line: string): StatusLine {
  try {
    return parseLine(line);
  } catch (error) {
    return { kind: "error", text: (error as Error).message };
  }
}

function parseLine(line: string): StatusLine {
  if (line === "ready") return { kind: "ready" };
  const [kind, rest] = splitOnce(line);
  switch (kind) {
    case "error":
      return { kind: "error", text: rest };
    case "control": {
      const [control, by] = splitOnce(rest);
      return { kind: "control", control, by };
    }
    case "exit":
      return parseExit(line, rest);
    case "parked":
      return { kind: "parked", memoryBytes: Number(rest) || 0 };
    default:
      throw new Error(`unknown status line \`${line}\``);
  }
}

function parseExit(line: string, rest: string): ExitStatus {
  const fields = new Map(
    rest.split(" ").map((field): [string, string] => {
      const at = field.indexOf("=");
      return [field.slice(0, at), field.slice(at + 1)];
    }),
  );
  const text = (name: string): string => {
    const value = fields.get(name);
    if (value === undefined) throw new Error(`no \`${name}\` in status line \`${line}\``);
    return value;
  };
  const number = (name: string): number => {
    const value = Number(text(name));
    if (!Number.isSafeInteger(value)) {
      throw new Error(`\`${name}\` is no number in status line \`${line}\``);
    }
    return value;
  };
  return {
    kind: "exit",
    code: number("code"),
    signal: number("signal"),
    limit: text("limit"),
    wallUs: number("wall-us"),
    cpuUs: number("cpu-us"),
    peakBytes: number("peak-bytes"),
    stdout: number("stdout"),
    stderr: number("stderr"),
    droppedStdout: number("dropped-stdout"),
    droppedStderr: number("dropped-stderr"),
    hasOut: text("out") !== "0",
    sandboxDead: text("sandbox") === "dead",
  };
}

function splitOnce(text: string): [string, string] {
  const at = text.indexOf(" ");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
