/**
 * @module
 * What a shell on the command line stands on: sandboxes of `glovebox run`, this machine's files, and the
 * terminal.
 */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { extname } from "node:path";
import type { LanguageIndex } from "../../languages/index-languages.ts";
import type { Reach, ShellHost } from "../../shell/host.ts";
import { collectText, createPipe, nothing, type Pipe, type Streams } from "../../shell/streams.ts";
import { canonicalPath } from "../../util/canonical-path.ts";
import { isExecutable } from "../../util/is-executable.ts";
import { createOutputGate } from "../output-gate.ts";
import { exitCodeOfError, formatError } from "../print-error.ts";
import { printNote } from "../print.ts";
import type { RunOptions } from "../run-options.ts";
import { implicitWorkspace, isInside, parseWorkspace } from "../workspace-flag.ts";
import { invalidRequest } from "../../core/errors.ts";
import { packageFinder } from "./find-package.ts";
import { hostPrograms, imagePrograms, type Programs } from "./find-programs.ts";
import { createHostPipes } from "./host-pipes.ts";
import type { Keyboard } from "./keyboard.ts";
import type { LineSignals } from "./line-signals.ts";
import { runSandboxed, type SandboxedParts } from "./run-sandboxed.ts";
import { createTurns } from "./turns.ts";

export interface HostParts {
  readonly options: RunOptions;
  readonly languages: () => LanguageIndex;
  readonly keyboard: Keyboard | undefined;
  readonly ownInput: SandboxedParts["ownInput"];
  readonly signals: () => LineSignals | undefined;
  /** `typed`: somebody wrote the lines here and now. A script of whoever may do less. */
  readonly lines: "typed" | "script";
}

export interface OpenHost {
  readonly host: ShellHost;
  readonly programs: Programs;
}

/** @throws {GloveboxError} `INVALID_REQUEST` for a workspace that can't be shown. */
export function createHost(parts: HostParts): OpenHost {
  const { options, languages, lines } = parts;
  const named = namedWorkspace(options);
  const home = canonicalPath(homedir());
  const fixed = lines === "script" ? { hostPath: canonicalPath(process.cwd()) } : undefined;
  const reach = reachOf(named, fixed?.hostPath, home, lines);
  const { stdout, stderr } = process;
  const sandboxed: SandboxedParts = {
    ...parts,
    workspaceOf: (folder) =>
      elsewhere.has(options.provider) ? undefined : reach.workspaceOf(folder),
    access: named?.access === "rw" ? "rw" : "ro",
    packageAccess: reach.canWrite ? "rw" : "ro",
    outputGate: createOutputGate(),
    inTurn: createTurns(),
    own: { stdout, stderr },
  };
  const run: ShellHost["run"] = async (command, streams, signal) =>
    runSandboxed(command, streams, signal, sandboxed);
  const programs = programsOf(options, run);
  const host: ShellHost = {
    ...{ home, stdout, stderr, reach, run },
    note: (line) => {
      if (options.verbosity !== "quiet") printNote(line);
    },
    refuse: printNote,
    fail: (error) => {
      stderr.write(formatError(error, options.verbosity === "verbose" ? "verbose" : "normal"));
      return exitCodeOfError(error);
    },
    createPipes: isOnThisMachine(options) ? createHostPipes : async (count) => ownPipes(count),
    findPackage: packageFinder(),
    hasProgram: programs.has,
    kindOfFile: (path) => kindOfFile(path, languages),
    permissions: async (words, streams) => {
      if (lines === "typed") {
        const { showPermissions } = await import("./show-permissions.ts");
        return showPermissions(words, streams);
      }
      throw invalidRequest(
        "permissions",
        "is not for scripts: what they may do is not theirs to say.",
      );
    },
  };
  return { host, programs };
}

/** Where nothing of this machine can be shown. */
const elsewhere: ReadonlySet<string> = new Set(["remote", "lambda"]);

/** Where output has a limit it is counted on its way. */
const isOnThisMachine = ({ provider, limits }: RunOptions): boolean =>
  (provider === "auto" || provider === "linux") && limits.outputBytes === "unlimited";

const ownPipes = (count: number): readonly Pipe[] => Array.from({ length: count }, createPipe);

type Named = { readonly hostPath: string; readonly access: "ro" | "rw" };

/** @throws {GloveboxError} `INVALID_REQUEST` */
function namedWorkspace({ workspace }: RunOptions): Named | undefined {
  if (workspace === undefined) return undefined;
  const { hostPath, access } = parseWorkspace(workspace, process.cwd());
  if (access !== "copy") return { hostPath, access };
  throw invalidRequest(
    "--workspace",
    "a shell has no `:copy`: each command would have a copy of its own. Write `:ro` or `:rw`.",
  );
}

function reachOf(
  named: Named | undefined,
  fixed: string | undefined,
  home: string,
  lines: HostParts["lines"],
): Reach {
  const isTyped = lines === "typed";
  return {
    workspaceOf: (folder) => {
      if (named === undefined) {
        // A script stays where it was started.
        return implicitWorkspace(fixed ?? folder, home).hostPath;
      }
      if (isInside(named.hostPath, folder)) return named.hostPath;
      throw invalidRequest(
        "--workspace",
        `the current folder \`${folder}\` is not in the workspace \`${named.hostPath}\`. Go there with \`cd\`.`,
      );
    },
    isFree: isTyped && named === undefined,
    // Whoever types `> file` has said what is to be written.
    canWrite: named === undefined ? isTyped : named.access === "rw",
  };
}

function programsOf(options: RunOptions, run: ShellHost["run"]): Programs {
  const { image, provider } = options;
  const isOfHost = image === undefined && ["auto", "linux", "process"].includes(provider);
  if (isOfHost) return hostPrograms();
  return imagePrograms(async (argv) => {
    const collected = collectText(maxListingBytes);
    const streams: Streams = { stdin: "empty", stdout: collected.stream, stderr: nothing() };
    const command = { what: { kind: "program", argv } as const, env: {}, isBackground: true };
    const { signal } = new AbortController();
    const code = await run({ ...command, folder: process.cwd() }, streams, signal);
    return code === 0 ? collected.text() : undefined;
  });
}

/** Of the names of an image's programs. */
const maxListingBytes = 4 * 1024 * 1024;

const maxFirstLineBytes = 256;

function kindOfFile(
  path: string,
  languages: () => LanguageIndex,
): "script" | "program" | undefined {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  const line = firstLineOf(path);
  if (line === undefined) return undefined;
  const language = languages().byShebang(line) ?? languages().byExtension(extname(path));
  if (language !== undefined) return "script";
  return isExecutable(path) ? "program" : undefined;
}

/** Undefined: it can't be read. */
function firstLineOf(path: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
    const head = Buffer.alloc(maxFirstLineBytes);
    const bytes = readSync(fd, head, 0, maxFirstLineBytes, 0);
    return head.toString("utf8", 0, bytes).split("\n", 1)[0] ?? "";
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
