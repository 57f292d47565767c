/**
 * @module
 * Real servers, each a process of its own, that tests kill or do other harm to.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { program, untilText, type CliProcess } from "./cli-fixture.ts";

export interface KillableServerOptions {
  /** For its configuration and what it caches. */
  readonly folder: string;
  /** YAML. */
  readonly config: string;
  readonly env: Readonly<Record<string, string>>;
  /** A program and arguments before its own: `unshare --mount --`. */
  readonly wrapper?: readonly string[];
}

export interface KillableServer {
  readonly child: CliProcess;
  /** Resolves once it listens, with its address; undefined where it ended before. */
  readonly url: Promise<string | undefined>;
  /** Lets it go on from where it waits; see `loadServer`. */
  begin(): void;
  /** `kill -9`. Resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM. @returns Its exit code. */
  stop(): Promise<number | null>;
  /** What it wrote to stderr: its log. */
  log(): string;
}

/** Longer than any test of these: what hangs is killed then. */
const LIFE_MS = 280_000;

/**
 * Starts a server that loads all its modules, a second of work, and then waits for `begin`: its
 * configuration is a FIFO that nobody has written to. So the next one is ready when one is killed.
 */
export function loadServer(options: KillableServerOptions): KillableServer {
  const { folder, config } = options;
  const fifo = join(folder, `config-${process.hrtime.bigint()}`);
  execFileSync("mkfifo", [fifo]);
  const child = spawnServer(options, fifo);
  const closed = once(child, "close") as Promise<[number | null]>;
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const url = untilText(child.stdout, "curl").then(
    (text) => /listens on (\S+)/.exec(text)?.[1],
    () => undefined,
  );
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    const [exitCode] = await closed;
    return exitCode;
  };
  return {
    child,
    url,
    begin: () => {
      writeFile(fifo, config).catch(() => undefined);
      // Who writes into a FIFO that nobody has opened waits for a reader, also after the test.
      void closed.then(() => {
        closeSync(openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK));
      });
    },
    kill: async () => {
      await end("SIGKILL");
    },
    stop: async () => end("SIGTERM"),
    log: () => log,
  };
}

/**
 * A server that was let go on at once.
 *
 * @throws {Error} With its log, where it does not listen.
 */
export async function startKillableServer(
  options: KillableServerOptions,
): Promise<KillableServer & { readonly at: string }> {
  const server = loadServer(options);
  server.begin();
  const at = await server.url;
  if (at === undefined) throw new Error(`the server did not start: ${server.log()}`);
  return { ...server, at };
}

function spawnServer(
  { folder, env, wrapper = [] }: KillableServerOptions,
  config: string,
): CliProcess {
  const serve = [process.execPath, program, "serve", "--port", "0", "--config", config];
  const [command = "", ...args] = [...wrapper, ...serve];
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, GLOVEBOX_NO_BUILD: "1", XDG_CACHE_HOME: join(folder, "cache"), ...env },
    stdio: "pipe",
    timeout: LIFE_MS,
    killSignal: "SIGKILL",
  });
  child.stdin.on("error", () => undefined).end();
  return child;
}
