/**
 * @module
 * PID, mount and network namespaces for one Docker daemon. guard.sh holds them: when the process
 * that asked for them ends, however it ends, all that ran in them ends too.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, rmSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isProcessAlive, ownProcessTag } from "../../../src/util/process-tag.ts";
import { listProcesses } from "../leftovers.ts";

/** Where a daemon is: all that another process of this run needs to use it. */
export interface Place {
  /** The name of its cgroups and of its folder; says whose it is. */
  readonly name: string;
  /** Seen by both sides. `root` in it is a tmpfs that only the inside sees. */
  readonly folder: string;
  /** Pid 1 of the namespaces, as it is seen outside. */
  readonly pid: number;
  readonly storageDriver: string;
}

export interface Namespaces extends Place {
  /** Ends everything inside and removes what it left outside. */
  close(): Promise<void>;
}

export interface InsideProcess {
  /** Its streams, and `exit` when it is gone. */
  readonly child: ChildProcess;
  kill9(): Promise<void>;
}

const PREFIX = "glovebox-docker-test-";
const SETUP_TIMEOUT_MS = 20_000;
const CLOSE_TIMEOUT_MS = 20_000;
const CGROUP_ROOT = "/sys/fs/cgroup";

/** @throws Error with what the set-up said on stderr. */
export async function openNamespaces(): Promise<Namespaces> {
  sweep();
  const { pid: ownPid, startTime } = ownProcessTag();
  const name = `${PREFIX}${ownPid}-${startTime}-${randomBytes(3).toString("hex")}`;
  const folder = join(tmpdir(), name);
  mkdirSync(join(folder, "root"), { recursive: true, mode: 0o700 });
  // In a session of its own: Ctrl-C must not end it before it has cleaned up.
  const guard = spawn("bash", [join(import.meta.dirname, "guard.sh"), name, folder], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    env: plainEnv(),
  });
  const closed = once(guard, "exit");
  const [pid, storageDriver] = await firstLine(guard, "namespaces").catch((error: unknown) => {
    guard.stdin.end();
    throw error;
  });
  return {
    name,
    folder,
    pid: Number(pid),
    storageDriver: storageDriver ?? "vfs",
    close: async () => {
      guard.stdin.end();
      const timeout = AbortSignal.timeout(CLOSE_TIMEOUT_MS);
      if (guard.exitCode === null) await Promise.race([closed, rejectOn(timeout)]);
    },
  };
}

/** The command line that runs `argv` in the namespaces of a daemon. */
export function insideArgv({ pid }: Pick<Place, "pid">, argv: readonly string[]): string[] {
  return ["nsenter", `--target=${pid}`, "--mount", "--net", "--pid", "--", ...argv];
}

/** Starts a long-lived program there; its stdin is empty, its environment only a search path. */
export function startInside(place: Pick<Place, "pid">, argv: readonly string[]): InsideProcess {
  const [program = "", ...args] = insideArgv(place, argv);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: plainEnv() });
  const gone = once(child, "exit");
  return {
    child,
    kill9: async () => {
      // nsenter only waits: the program is its child.
      const all = await listProcesses();
      for (const { pid } of all.filter(({ parent }) => parent === child.pid)) {
        process.kill(pid, "SIGKILL");
      }
      if (child.exitCode === null && child.signalCode === null) await gone;
    },
  };
}

/** Without proxies and marks of this process. */
export function plainEnv(): NodeJS.ProcessEnv {
  const path = process.env["PATH"] ?? "";
  return { PATH: `${path}:/usr/sbin:/sbin`, LC_ALL: "C.UTF-8" };
}

/** The words of the first line that it prints. */
async function firstLine(child: ChildProcess, what: string): Promise<readonly string[]> {
  const complaints: Buffer[] = [];
  child.stderr!.on("data", (chunk: Buffer) => complaints.push(chunk));
  const lines = createInterface({ input: child.stdout! });
  const line = await Promise.race([
    once(lines, "line", { signal: AbortSignal.timeout(SETUP_TIMEOUT_MS) }),
    once(lines, "close").then(() => undefined),
  ]);
  if (line === undefined) {
    throw new Error(`${what}: ${Buffer.concat(complaints).toString("utf8").trim()}`);
  }
  return String(line[0]).split(" ");
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => {
      reject(new Error("the guard of a Docker daemon does not end"));
    });
  });
}

/** Removes what owners and guards left that were killed together: empty cgroups and folders. */
function sweep(): void {
  const isStale = (name: string): boolean => {
    const [, pid, startTime = ""] = /^(\d+)-(\d+)-/.exec(name.slice(PREFIX.length)) ?? [];
    if (!name.startsWith(PREFIX) || pid === undefined) return false;
    return !isProcessAlive({ pid: Number(pid), startTime });
  };
  for (const name of readdirSync(tmpdir()).filter(isStale)) {
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
  for (const parent of [CGROUP_ROOT, ...subfolders(CGROUP_ROOT)]) {
    const stale = subfolders(parent).filter((path) => isStale(path.slice(parent.length + 1)));
    for (const path of stale) for (const child of [...subfolders(path), path]) tryToRemove(child);
  }
}

function subfolders(path: string): string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
  } catch {
    return [];
  }
}

/** A cgroup that is still in use, or that another run removes right now, is left to it. */
function tryToRemove(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Not ours to force.
  }
}
