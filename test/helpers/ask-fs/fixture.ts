/**
 * @module
 * An ask-fs that the real kernel has mounted, for programs that a test starts inside it.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { chmod, mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { type AskFsOptions, type AskFsServer, serveAskFs } from "../../../src/ask-fs/server.ts";
import type { Question } from "../../../src/core/permission.ts";
import { findProgram } from "../find-program.ts";

/** Why this host can't mount one, or undefined. */
export function askFsReason(): string | undefined {
  if (findProgram("cc") === undefined) return "no C compiler";
  try {
    accessSync("/dev/fuse", constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return "/dev/fuse can't be opened";
  }
}

/** Who mounts: this user, and as root an ordinary one too. */
export const mounters: readonly (readonly [string, readonly string[]])[] =
  process.getuid?.() === 0
    ? [
        ["root", []],
        ["an ordinary user", ["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups"]],
      ]
    : [["this user", []]];

export interface AskFsFixture extends AsyncDisposable {
  /** A folder of the host, the only root. */
  readonly host: string;
  /** A folder of the host that only the host has: inside, the mount covers it. */
  readonly outside: string;
  /** A folder outside of the mount that programs may write to. */
  readonly scratch: string;
  /** Where programs find `host`. */
  readonly inside: string;
  readonly questions: Question[];
  /** Of the last program. */
  readonly server: () => AskFsServer;
  readonly stream: () => Duplex;
  readonly start: (argv: readonly string[]) => ChildProcess;
  readonly run: (...argv: string[]) => Promise<Ended>;
  /** Where the compiled attack program is. */
  readonly attacks: string;
}

export interface Ended {
  /** As a shell has it: of a signal, 128 and its number. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Decide = (question: Question, signal: AbortSignal) => boolean | Promise<boolean>;

/** Compiles what the fixtures share; the folder is the caller's. */
export async function compileAskFsPrograms(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "glovebox-ask-fs-")));
  await chmod(folder, 0o755);
  const compile = (name: string, ...flags: string[]) =>
    promisify(execFile)("cc", [
      ...["-std=gnu11", "-O1", "-pthread", ...flags, "-o", join(folder, name)],
      join(import.meta.dirname, `${name}.c`),
    ]);
  await Promise.all([compile("mount"), compile("file-attacks", "-static")]);
  return folder;
}

export async function createAskFs(
  programs: string,
  as: readonly string[],
  decide: Decide,
  options: Partial<AskFsOptions> = {},
): Promise<AskFsFixture> {
  const folder = await mkdtemp(join(programs, "case-"));
  await chmod(folder, 0o755);
  const [host, mountPoint, scratch] = ["host", "mount", "scratch"].map((name) =>
    join(folder, name),
  );
  const outside = join(mountPoint!, "outside");
  for (const path of [host!, outside, scratch!]) await mkdir(path, { recursive: true });
  await chmod(scratch!, 0o777);
  const questions: Question[] = [];
  const children: ChildProcess[] = [];
  const servers: AskFsServer[] = [];
  const streams: Duplex[] = [];
  const gate = {
    decide: async (question: Question, signal: AbortSignal) => {
      questions.push(question);
      return { isAllowed: await decide(question, signal), scope: "once" } as const;
    },
  };

  const start = (argv: readonly string[]): ChildProcess => {
    const [command, ...args] = [...as, join(programs, "mount"), mountPoint!, ...argv];
    const child = spawn(command!, args, { stdio: ["ignore", "pipe", "pipe", "pipe"] });
    const stream = child.stdio[3] as Duplex;
    servers.push(
      serveAskFs({
        stream,
        roots: [{ hostPath: host!, kind: "folder" }],
        gate,
        describeProcess: async (pid) => ({ pid, name: "a program", executable: "" }),
        openTo: () => undefined,
        hidden: [],
        owner: { uid: 1000, gid: 1000 },
        ...options,
      }),
    );
    children.push(child);
    streams.push(stream);
    return child;
  };

  return {
    host: host!,
    outside,
    scratch: scratch!,
    inside: join(mountPoint!, "0"),
    attacks: join(programs, "file-attacks"),
    questions,
    server: () => servers.at(-1)!,
    stream: () => streams.at(-1)!,
    start,
    run: async (...argv) => endOf(start(argv)),
    [Symbol.asyncDispose]: async () => {
      for (const child of children) child.kill("SIGKILL");
      await Promise.all(servers.map((server) => server.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function endOf(child: ChildProcess): Promise<Ended> {
  const output = (stream: Readable | null): Promise<string> =>
    stream ? text(stream) : Promise.resolve("");
  const ended = once(child, "close") as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([
    output(child.stdout),
    output(child.stderr),
    ended,
  ]);
  return { code: code ?? -1, stdout, stderr };
}
