/**
 * @module
 * Runs the real CLI as a process.
 */
import { execFileSync, spawn, spawnSync, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { afterAll } from "vitest";

const root = join(import.meta.dirname, "../..");
export const examples = join(root, "examples");
export const program = join(root, "bin/glovebox");

// Builds what is stale, once: otherwise each of many starts would look for it.
execFileSync(process.execPath, [program, "--version"], { stdio: "ignore" });

/** What runs compile stays there, for the runs of these tests alone. */
const cache = mkdtempSync(join(tmpdir(), "glovebox-cli-test-cache-"));
chmodSync(cache, 0o755);
afterAll(() => {
  rmSync(cache, { recursive: true, force: true });
});

/** No run of a test takes so long; what hangs is killed then, and its exit code is null. */
const DEADLINE_MS = 40_000;

export interface CliOptions {
  readonly cwd?: string;
  readonly stdin?: string | Buffer;
  /** Undefined: it is not set. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Then it is killed. Default: `DEADLINE_MS`. */
  readonly timeoutMs?: number;
}

export interface CliResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
}

export type CliProcess = ChildProcessByStdio<Writable, Readable, Readable>;

export function startCli(args: readonly string[], options: CliOptions = {}): CliProcess {
  return spawn(process.execPath, [program, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: {
      ...process.env,
      GLOVEBOX_NO_BUILD: "1",
      XDG_CACHE_HOME: cache,
      // Not what this user's own server keeps.
      GLOVEBOX_STORAGE_FOLDER: join(cache, "server"),
      ...options.env,
    },
    stdio: "pipe",
    timeout: options.timeoutMs ?? DEADLINE_MS,
    killSignal: "SIGKILL",
  });
}

/** Runs it to its end. */
export async function glovebox(
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  const child = startCli(args, options);
  // A program that does not read its stdin closes it early.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.stdin ?? "");
  return resultOf(child);
}

export interface ServingCli {
  readonly child: CliProcess;
  /** `http://127.0.0.1:41234` */
  readonly url: string;
  /** Sends SIGTERM and waits for its end. */
  readonly stop: () => Promise<CliResult>;
}

/** `glovebox serve` on a free port, as soon as it says where it listens. */
export async function serveCli(
  args: readonly string[],
  options: CliOptions = {},
): Promise<ServingCli> {
  const child = startCli(["serve", "--port", "0", ...args], options);
  const result = resultOf(child);
  const [, url = ""] = /listens on (\S+)/.exec(await untilText(child.stdout, "curl")) ?? [];
  return {
    child,
    url,
    stop: async () => {
      child.kill("SIGTERM");
      return result;
    },
  };
}

export async function resultOf(child: CliProcess): Promise<CliResult> {
  const [stdoutBytes, stderr, [exitCode]] = await Promise.all([
    readAll(child.stdout),
    readAll(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { exitCode, stdout: stdoutBytes.toString(), stdoutBytes, stderr: stderr.toString() };
}

/** Waits until the stream has brought a text; what came until then. The stream flows on. */
export async function untilText(stream: Readable, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = "";
    const onEnd = (): void => {
      reject(new Error(`ended without ${JSON.stringify(text)}: ${JSON.stringify(seen)}`));
    };
    const onData = (chunk: Buffer): void => {
      seen += chunk.toString();
      if (!seen.includes(text)) return;
      stream.off("data", onData).off("end", onEnd);
      resolve(seen);
    };
    stream.on("data", onData).once("end", onEnd);
  });
}

/** An empty folder for one test file. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "glovebox-cli-test-")));
  return { path, remove: () => rmSync(path, { recursive: true }) };
}

/** Why this host cannot start sandboxes; undefined where it can. */
export function linuxGap(): string | undefined {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [program, "doctor", "--json", "--provider", "linux"],
    {
      encoding: "utf8",
      timeout: DEADLINE_MS,
    },
  );
  try {
    const report = JSON.parse(stdout) as { readonly available: boolean; readonly reason: string };
    return report.available ? undefined : report.reason;
  } catch {
    return `doctor failed: ${stderr}`;
  }
}

async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
