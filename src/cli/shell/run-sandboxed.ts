/**
 * @module
 * One command of a line, in a sandbox of its own: a run as `glovebox run` makes it, with the line's
 * streams in the place of this process's.
 */
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { HostPipes } from "../../core/command.ts";
import { workspacePath } from "../../core/sandbox.ts";
import type { LanguageIndex } from "../../languages/index-languages.ts";
import type { SandboxCommand } from "../../shell/host.ts";
import type { Input, Streams } from "../../shell/streams.ts";
import type { OutputGate } from "../output-gate.ts";
import { languageOfFile } from "../language-of-file.ts";
import type { OutputTarget, RunDoor } from "../run-door.ts";
import type { RunForm } from "../run-form.ts";
import type { RunOptions } from "../run-options.ts";
import { runProgram } from "../run-program.ts";
import { listenForSignals } from "../signals.ts";
import { EventEmitter } from "node:events";
import { isInside } from "../workspace-flag.ts";
import { keyboardOf } from "../ask-changes.ts";
import type { ApprovalTerminal } from "../package/approve.ts";
import { packageRun } from "./find-package.ts";
import type { Keyboard } from "./keyboard.ts";
import type { LineSignals } from "./line-signals.ts";

export interface SandboxedParts {
  readonly options: RunOptions;
  readonly languages: () => LanguageIndex;
  /** What commands that start in a folder are shown. Undefined: nothing of this machine. */
  readonly workspaceOf: (folder: string) => string | undefined;
  readonly access: "ro" | "rw";
  /** What packages may do there, at most: they have been agreed to one by one. */
  readonly packageAccess: "ro" | "rw";
  /** Undefined: there is none, or it is another job's. */
  readonly keyboard: Keyboard | undefined;
  readonly ownInput: () => Readable | "empty";
  readonly outputGate: OutputGate;
  readonly inTurn: RunDoor["inTurn"];
  /** Of the line that runs now. */
  readonly signals: () => LineSignals | undefined;
  readonly own: Pick<Streams, "stdout" | "stderr">;
}

/** @throws {GloveboxError} */
export async function runSandboxed(
  command: SandboxCommand,
  streams: Streams,
  signal: AbortSignal,
  parts: SandboxedParts,
): Promise<number> {
  const { what, folder, env } = command;
  const hasTerminal = !command.isBackground && isTerminal(streams, parts);
  const started = await startOf(command, hasTerminal, { ...parts, signal });
  const workspace = parts.workspaceOf(folder);
  using door = openDoor(command, streams, {
    ...parts,
    signal,
    hasTerminal: started.options.hasTty,
  });
  const startFolder =
    what.kind === "program" && workspace !== undefined
      ? { startFolder: inside(workspace, folder) }
      : {};
  const isPackage = what.kind === "package";
  const options = isPackage
    ? started.options
    : { ...started.options, env: { ...started.options.env, ...env } };
  const exitCode = await runProgram(started.form, options, { ...door.door, ...startFolder });
  const isInterrupted = options.hasTty && exitCode === EXIT_INTERRUPTED;
  if (isInterrupted) parts.signals()?.note();
  return exitCode;
}

/** 128 and SIGINT. */
const EXIT_INTERRUPTED = 130;

const inside = (workspace: string, folder: string): string =>
  `${workspacePath}/${relative(workspace, folder)}`.replace(/\/$/, "");

/** It gets the terminal where it would have it in any shell: nothing stands between. */
function isTerminal(
  { stdin, stdout, stderr }: Streams,
  { keyboard, own }: SandboxedParts,
): boolean {
  const isOwn = stdin === "own" && stdout === own.stdout && stderr === own.stderr;
  return isOwn && keyboard !== undefined && process.stdin.isTTY && process.stdout.isTTY;
}

async function startOf(
  { what, env, folder, isBackground }: SandboxCommand,
  hasTerminal: boolean,
  parts: SandboxedParts & { readonly signal: AbortSignal },
): Promise<{ readonly form: RunForm; readonly options: RunOptions }> {
  const { options, languages, workspaceOf, access } = parts;
  if (what.kind === "package") {
    const openApproval = () => (isBackground ? undefined : openApprovalOn(parts));
    const place = {
      ...{ env: { ...process.env, ...env }, hasTerminal, openApproval },
      access: parts.packageAccess,
    };
    return parts.inTurn(async () => packageRun(what.found, what.args, place));
  }
  const folderShown = workspaceOf(folder);
  const workspace = folderShown === undefined ? undefined : `${folderShown}:${access}`;
  const own = { ...options, hasTty: hasTerminal };
  if (what.kind === "program") {
    return { form: { kind: "command", argv: what.argv }, options: { ...own, workspace } };
  }
  const { file, args } = what;
  const below = relative(folder, file);
  const written = below.startsWith("../") ? file : `./${below}`;
  const form = { kind: "file", file, written, args } as const;
  const isShown = folderShown !== undefined && isInside(folderShown, file);
  const { language } = languageOfFile(languages(), file, readFileSync(file), undefined);
  // A compiler needs a workspace of its own to write to.
  const canRunThere = isShown && language.compile === undefined;
  return { form, options: { ...own, workspace: canRunThere ? workspace : undefined } };
}

function openApprovalOn({
  keyboard,
  outputGate,
  signal,
}: SandboxedParts & { readonly signal: AbortSignal }): ApprovalTerminal | undefined {
  const questions = keyboard?.openQuestions();
  if (questions === undefined) return undefined;
  const { input, output, setRaw } = questions;
  const release = outputGate.hold();
  const keys = keyboardOf(input, { signal, setRaw, close: release });
  return {
    next: keys.next,
    write: (text) => void output.write(text.replaceAll("\n", "\r\n")),
    [Symbol.dispose]: () => {
      keys[Symbol.dispose]();
      questions[Symbol.dispose]();
    },
  };
}

interface DoorParts extends SandboxedParts {
  readonly signal: AbortSignal;
  readonly hasTerminal: boolean;
}

function openDoor(
  { isBackground }: SandboxCommand,
  streams: Streams,
  parts: DoorParts,
): Disposable & { readonly door: RunDoor } {
  const { keyboard, signal, outputGate, inTurn } = parts;
  const [stdout, stderr] = [targetOf(streams.stdout), targetOf(streams.stderr)];
  const stdin = inputOf(streams.stdin, parts);
  const signals = isBackground ? undefined : parts.signals();
  const hostPipes = pipesOf(streams);
  const door: RunDoor = {
    ...(hostPipes === undefined ? {} : { hostPipes }),
    stdin: stdin.open,
    isStdinEmpty: () => streams.stdin === "empty",
    releaseStdin: stdin.release,
    output: { stdout: stdout.target, stderr: stderr.target },
    ...{ outputGate, inTurn },
    listen: () => {
      // A job hears nothing of Ctrl-C.
      const interruption = signals?.listen() ?? listenForSignals(new EventEmitter());
      if (signal.aborted) interruption.abort();
      signal.addEventListener("abort", interruption.abort, { once: true });
      const dispose = (): void => {
        signal.removeEventListener("abort", interruption.abort);
        interruption[Symbol.dispose]();
      };
      return { ...interruption, [Symbol.dispose]: dispose };
    },
    openTerminal: () => {
      if (keyboard === undefined) throw new Error("there is no terminal");
      return keyboard.openTerminal();
    },
    openQuestions: () => (isBackground ? undefined : keyboard?.openQuestions()),
  };
  return {
    door,
    [Symbol.dispose]: () => {
      stdout.release();
      stderr.release();
    },
  };
}

/** Those of its streams that are still the pipes, and were not redirected. */
function pipesOf({ stdin, stdout, pipes }: Streams): HostPipes | undefined {
  const [before, after] = [pipes?.before, pipes?.after];
  const found = {
    ...(before?.paths !== undefined && stdin === before.reader
      ? { stdin: before.paths.reader }
      : {}),
    ...(after?.paths !== undefined && stdout === after.writer
      ? { stdout: after.paths.writer }
      : {}),
  };
  return Object.keys(found).length === 0 ? undefined : found;
}

interface OpenInput {
  readonly open: RunDoor["stdin"];
  readonly release: RunDoor["releaseStdin"];
}

function inputOf(input: Input, { keyboard, ownInput }: SandboxedParts): OpenInput {
  if (input === "empty") return { open: () => "empty", release: () => undefined };
  // A pipe is closed by whoever made it, once the command is over.
  if (input !== "own") return { open: () => input, release: () => undefined };
  if (keyboard === undefined || !process.stdin.isTTY) {
    return { open: ownInput, release: () => undefined };
  }
  return {
    open: () => keyboard.forProgram(),
    release: (stdin) => {
      if (stdin !== "empty") keyboard.releaseProgram(stdin);
    },
  };
}

type Listener = (...args: never[]) => void;

/** Many commands write to the same stream, one after the other: none leaves its listeners there. */
function targetOf(stream: Writable): {
  readonly target: OutputTarget;
  readonly release: () => void;
} {
  const added: (readonly [event: string, listener: Listener])[] = [];
  const target = {
    write: stream.write.bind(stream),
    on: (event: string, listener: Listener) => {
      added.push([event, listener]);
      stream.on(event, listener as never);
      return stream;
    },
    off: (event: string, listener: Listener) => stream.off(event, listener as never),
  };
  return {
    target: target as OutputTarget,
    release: () => {
      for (const [event, listener] of added) stream.off(event, listener as never);
    },
  };
}
