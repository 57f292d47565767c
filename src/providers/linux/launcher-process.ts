/**
 * @module
 * One running launcher: its process, its five fds and its status lines.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Duplex, Readable, Writable } from "node:stream";
import { GloveboxError } from "../../core/errors.ts";
import type { Launcher } from "../../launcher/launcher.ts";
import { parseStatusLine } from "../../launcher/status-line.ts";

/** What is waited for when it is asked to end; it then has to kill, unmount and remove cgroups. */
const END_TIMEOUT_MS = 10_000;

/**
 * Starts the launcher with an empty environment; what is wrong with its path shows in `failure`.
 *
 * @throws {GloveboxError} `SANDBOX_FAILED` where this process has no file descriptors left for it.
 */
export function startLauncher(path: string): Launcher {
  const child = spawn(path, [], {
    stdio: ["pipe", "pipe", "pipe", "pipe", "pipe"],
    env: {},
    cwd: "/",
  });
  const ended = endOf(child, path);
  // Node's types don't know it: without a free file descriptor there are no streams at all.
  if ((child.stdio as unknown) === undefined) {
    const message = "linux: cannot start the launcher: too many open files. Raise `ulimit -n`.";
    throw new GloveboxError("SANDBOX_FAILED", message, { provider: "linux", step: "start" });
  }
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

  const reader = createInterface({ input: status, crlfDelay: Infinity });
  const lines = reader[Symbol.asyncIterator]();
  // It hears of an end only: who waits for a line would wait for ever once the stream is destroyed.
  status.once("close", () => {
    reader.close();
  });

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
        await ended.promise;
        return undefined;
      }
      return parseStatusLine(line.value);
    },
    end: () => endLauncher(child, control, [stdin, stdout, stderr, status], ended.promise),
    failure: ended.failure,
  };
}

/** Listens at once: an `error` event that nobody listens for would end this process. */
function endOf(
  child: ChildProcess,
  path: string,
): { readonly promise: Promise<void>; readonly failure: () => string | undefined } {
  let failure: string | undefined;
  const promise = new Promise<void>((resolve) => {
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
  return { promise, failure: () => failure };
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
