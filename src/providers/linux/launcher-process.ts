/**
 * @module
 * One running launcher: its process, its five fds and its status lines.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Duplex, Readable, Writable } from "node:stream";
import { parseStatusLine, type StatusLine } from "./status-line.ts";

/** What is waited for when it is asked to end; it then has to kill, unmount and remove cgroups. */
const END_TIMEOUT_MS = 10_000;

export interface LauncherProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  send(message: Buffer): void;
  /** The next status line, in order; undefined once it has ended. */
  nextStatus(): Promise<StatusLine | undefined>;
  /** Ends it and its sandbox, and waits for that. Does not throw; may be called often. */
  end(): Promise<void>;
  /** How it ended, in words; undefined while it lives or if it ended as it should. */
  failure(): string | undefined;
}

/** Starts the launcher with an empty environment; what is wrong with its path shows in `failure`. */
export function startLauncher(path: string): LauncherProcess {
  const child = spawn(path, [], {
    stdio: ["pipe", "pipe", "pipe", "pipe", "pipe"],
    env: {},
    cwd: "/",
  });
  const [stdin, stdout, stderr, control, status] = child.stdio as unknown as [
    Writable,
    Readable,
    Readable,
    Duplex,
    Duplex,
  ];
  // The launcher's end shows in its status; a write that comes too late is no news.
  for (const stream of [stdin, stdout, stderr, control, status])
    stream.on("error", () => undefined);

  let failure: string | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      failure = `cannot start ${path}: ${error.message}`;
      resolve();
    });
    child.once("exit", (code, signal) => {
      if (signal !== null) failure = `the launcher was ended by ${signal}`;
      else if (code !== 0) failure ??= `the launcher ended with code ${String(code)}`;
      resolve();
    });
  });
  const lines = createInterface({ input: status, crlfDelay: Infinity })[Symbol.asyncIterator]();
  let hasReportedError = false;

  return {
    stdin,
    stdout,
    stderr,
    send: (message) => {
      control.write(message);
    },
    nextStatus: async () => {
      const line: IteratorResult<string, undefined> = await lines.next();
      if (line.done === true) {
        await ended;
        return undefined;
      }
      const parsed = parseStatusLine(line.value);
      if (parsed.kind === "error") hasReportedError = true;
      return parsed;
    },
    end: async () => {
      // An error is its last word. What is left of its sandbox goes with it: the caller removes the
      // cgroups, where the launcher would first wait for processes that end only when it does.
      if (hasReportedError) child.kill("SIGKILL");
      await endLauncher(child, control, [stdin, stdout, stderr, status], ended);
    },
    failure: () => failure,
  };
}

async function endLauncher(
  child: ChildProcess,
  control: Duplex,
  streams: readonly { destroy(): unknown }[],
  ended: Promise<void>,
): Promise<void> {
  // The control fd is its leash: when it closes, it kills its sandbox, cleans up and exits.
  control.destroy();
  const timer = setTimeout(() => child.kill("SIGKILL"), END_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
  for (const stream of streams) stream.destroy();
}
