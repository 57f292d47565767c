/**
 * @module
 * Real servers, each a process of its own, that tests start often and kill.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startCli, untilText, type CliProcess } from "./cli-fixture.ts";

export interface KillableServerOptions {
  /** For its configuration and its database. */
  readonly folder: string;
  /** YAML. */
  readonly config: string;
  readonly env: Readonly<Record<string, string>>;
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
  /** What it wrote to its log. */
  log(): string;
}

/** Longer than any test of these: what hangs is killed then. */
const LIFE_MS = 150_000;

let count = 0;

/**
 * Starts a server that loads all its modules, a second of work, and then waits for `begin`: its
 * configuration is a FIFO that nobody has written to. So the next one is ready when one is killed.
 */
export function loadServer({ folder, config, env }: KillableServerOptions): KillableServer {
  const fifo = join(folder, `config-${++count}`);
  execFileSync("mkfifo", [fifo]);
  const child = startCli(["serve", "--port", "0", "--config", fifo], {
    cwd: folder,
    env,
    timeoutMs: LIFE_MS,
  });
  child.stdin.on("error", () => undefined).end();
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
      const written = writeFile(fifo, config);
      // Whoever writes into a FIFO that nobody will read waits for ever.
      void closed.then(() => {
        closeSync(openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK));
      });
      written.catch(() => undefined);
    },
    kill: async () => {
      await end("SIGKILL");
    },
    stop: async () => end("SIGTERM"),
    log: () => log,
  };
}

/** A server that was let go on at once. */
export function startKillableServer(options: KillableServerOptions): KillableServer {
  const server = loadServer(options);
  server.begin();
  return server;
}
