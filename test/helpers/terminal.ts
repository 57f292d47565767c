/**
 * @module
 * A program on a terminal of its own, typed to by a test.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface TestTerminal {
  /** All that was shown so far, without escape sequences and carriage returns. */
  readonly shown: () => string;
  readonly type: (keys: string) => void;
  /** Waits until the text is shown behind all that was waited for before. @throws {Error} after 20 s. */
  readonly until: (text: string | RegExp) => Promise<void>;
  /** Waits for the end. @returns The exit code. */
  readonly ended: Promise<number | null>;
  readonly kill: () => void;
}

export interface TerminalOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly columns?: number;
  readonly rows?: number;
}

/** Gives the command a terminal, and passes on what is typed and shown: pty(7). */
const script = `
import fcntl, os, pty, select, struct, sys, termios
size = struct.pack("HHHH", int(sys.argv[1]), int(sys.argv[2]), 0, 0)
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, size)
    os.execvp(sys.argv[3], sys.argv[3:])
open_input = True
while True:
    ready, _, _ = select.select([terminal] + ([0] if open_input else []), [], [])
    if 0 in ready:
        typed = os.read(0, 65536)
        open_input = bool(typed)
        os.write(terminal, typed)
    if terminal in ready:
        try:
            shown = os.read(terminal, 65536)
        except OSError:
            break
        if not shown:
            break
        os.write(1, shown)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 0xff)
`;

const PATIENCE_MS = 20_000;

export function openTestTerminal(
  argv: readonly string[],
  { env = {}, cwd, columns = 140, rows = 30 }: TerminalOptions = {},
): TestTerminal {
  const child = spawn("python3", ["-c", script, String(rows), String(columns), ...argv], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, TERM: "xterm-256color", LANG: "C.UTF-8", CI: undefined, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  let text = "";
  let seen = 0;
  const waiting = new Set<() => void>();
  child.stdin.on("error", () => undefined);
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
    for (const look of waiting) look();
  });
  const ended = once(child, "close").then(([code]) => code as number | null);
  const shown = (): string => withoutEscapes(text);
  return {
    shown,
    type: (keys) => void child.stdin.write(keys),
    until: (wanted) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = positionOf(shown(), wanted, seen);
          if (found === undefined) return;
          seen = found;
          done();
          resolve();
        };
        const fail = (): void => {
          done();
          reject(new Error(`${String(wanted)} was not shown in:\n${shown()}`));
        };
        const timer = setTimeout(fail, PATIENCE_MS);
        const done = (): void => {
          clearTimeout(timer);
          waiting.delete(look);
        };
        waiting.add(look);
        void ended.then(() => {
          look();
          if (waiting.has(look)) fail();
        });
        look();
      }),
    ended,
    kill: () => void child.kill("SIGKILL"),
  };
}

/** Behind it; undefined where it is not there. */
function positionOf(text: string, wanted: string | RegExp, from: number): number | undefined {
  if (typeof wanted === "string") {
    const at = text.indexOf(wanted, from);
    return at < 0 ? undefined : at + wanted.length;
  }
  const match = wanted.exec(text.slice(from));
  return match === null ? undefined : from + match.index + match[0].length;
}

/** ECMA-48: control sequences, strings of the operating system, and others of two characters. */
const escapes = new RegExp(
  ["\\[[0-?]*[ -/]*[@-~]", "\\][^\\x07\\x1b]*(\\x07|\\x1b\\\\)", "[ -/]*[0-~]"]
    .map((form) => `\\x1b${form}`)
    .join("|"),
  "g",
);

/** Carriage return, cancel, shift in, bell. */
const silent = ["\r", "\u0018", "\u000f", "\u0007"];

const withoutEscapes = (text: string): string =>
  silent.reduce((left, sign) => left.replaceAll(sign, ""), text.replace(escapes, ""));
