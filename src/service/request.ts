/**
 * @module
 * What every door hands to the service, and what it gets back. The doors turn their own shapes into
 * these and check bounds; in here values are already right.
 */
import type { Readable } from "node:stream";
import type { ChangesRequest } from "../core/changes.ts";
import type { CollectedFiles } from "../core/collected.ts";
import type { HostPipes, OutputStream, TtySize } from "../core/command.ts";
import type { Enforcement, EnforcementMode } from "../core/enforcement.ts";
import type { Execution } from "../core/execution.ts";
import type { Runtime } from "../core/language.ts";
import type { Limits, OutputLimitAction } from "../core/limits.ts";
import type { PermissionGate } from "../core/permission.ts";
import type { NetworkPolicy, Policy, WorkspaceMount } from "../core/policy.ts";
import type { HostProgram, SandboxFile } from "../core/sandbox.ts";
import type { Secret } from "../core/secret.ts";
import type { PermissionReport } from "../permissions/report.ts";
import type { SpanReference } from "../observe/traceparent.ts";

export type Program =
  | {
      readonly kind: "code";
      /** Id or alias of a language, any case. */
      readonly language: string;
      /** `*`, absent or a prefix of the installed version by parts: `3`, `3.11`. */
      readonly version?: string;
      /** Unique paths; at least one, unless there is a `workspace`: then there may be none. */
      readonly files: readonly SandboxFile[];
      /**
       * Path of the main file. Absent: the first file. With `workspace`: one of the files, or a path in
       * the workspace, where there are none.
       */
      readonly entry?: string;
      /**
       * A folder of the caller, where the program lies, or, if it has files, which it works in. Absent: an
       * empty one that `files` are put into.
       */
      readonly workspace?: WorkspaceMount;
    }
  | {
      readonly kind: "command";
      readonly argv: readonly string[];
      /** Absent: an empty scratch workspace. */
      readonly workspace?: WorkspaceMount;
    };

export interface ExecutionRequest {
  /** Of its report. Absent: a new one. */
  readonly id?: string;
  /** Where it came from. */
  readonly origin?: RequestOrigin;
  readonly program: Program;
  /** One of `ServiceOptions.providers`; absent: its default. */
  readonly provider?: string;
  /** Instead of the language's own image; not for a provider whose programs are the host's. */
  readonly image?: string;
  /** Appended to the run command of a language; for a command they are part of `argv`. */
  readonly args: readonly string[];
  /** What this machine lends it besides, read-only; only where its programs are this machine's. */
  readonly lent?: readonly HostProgram[];
  /** Where it starts, absolute, inside; absent: in the workspace. */
  readonly cwd?: string;
  /** Added to the environment that the service builds; wins over it. */
  readonly env: Readonly<Record<string, string>>;
  /** Bytes can be read again, where an execution has to be repeated; a stream can't. */
  readonly stdin: Readable | Uint8Array | "empty";
  /** Of the run phase; see `Command.hostPipes`. */
  readonly hostPipes?: HostPipes;
  /** A terminal for the run phase; see `Command.tty`. */
  readonly tty?: TtySize;
  /** Of the run phase. A compile phase has its own wall and CPU time. */
  readonly limits: Limits;
  /** Of a compile phase, at most those of `ServiceOptions`; absent: those. */
  readonly compileLimits?: Partial<CompileLimits>;
  /** For the compiler, in front of its own; only where the language is compiled. */
  readonly compileArgs?: readonly string[];
  /** Whose turn it takes where others wait too. Absent: nobody's in particular. */
  readonly turn?: Turn;
  readonly onOutputLimit: OutputLimitAction;
  /** `ask` without `permissions`: the service knows whom, see `ServiceOptions.openAsking`. */
  readonly network: NetworkPolicy;
  /** It may ask for files of this user, whoever the service knows. Absent: it may not. */
  readonly hostFiles?: "ask";
  /** What of this machine it may ask for, or has. Absent: nothing but its workspace. */
  readonly permissions?: RequestPermissions;
  /** `off`: its program is no fork of an interpreter that others' are forks of, too. */
  readonly fork?: "off";
  readonly enforcement: EnforcementMode;
  /** `off`: compiled anew, and not kept. */
  readonly compileCache?: "use" | "off";
  /** Files that come back with the report; absent: none. */
  readonly artifacts?: ArtifactsRequest;
  /** Takes what changed in a workspace that is a copy. Absent: that goes with the sandbox. */
  readonly changes?: ChangesRequest;
}

export interface RequestPermissions extends Pick<Policy, "askable" | "hidden" | "shown"> {
  /** Who is asked, also where `network` is `ask`. */
  readonly gate: PermissionGate;
  /** Its variables have their placeholders. */
  readonly secrets?: readonly Secret[];
}

/** Of a compile phase: what a compiler may use where a run's own limits would be meaningless. */
export interface CompileLimits {
  readonly wallTimeMs: number;
  readonly cpuTimeMs: number;
}

/** For logs and traces: nothing else depends on it. */
export interface RequestOrigin {
  readonly requestId: string;
  /** Of the client. */
  readonly ip: string;
  /** The span that the execution is a part of. */
  readonly trace?: SpanReference;
}

/** How an execution waits for its slot. */
export interface Turn {
  /** Slots go round between callers. */
  readonly callerId: string;
  /** Of one caller, at the same time; absent: as many as there are. */
  readonly maxConcurrent?: number;
  /** From -10 to 10, higher first, among one caller's own. Default 0. */
  readonly priority?: number;
  /** Absent: it waits for as long as it takes. */
  readonly timeoutMs?: number;
  /** It was promised to somebody: it finds room in any queue. */
  readonly isAccepted?: boolean;
}

/** Where a program leaves files for its caller, below the workspace, where the caller names nothing. */
export const artifactsFolder = "out";

export interface ArtifactsRequest {
  /** Files and folders, relative to the workspace; see `parseFilePath`. */
  readonly paths: readonly string[];
  readonly maxFiles: number;
  /** Of all together. */
  readonly maxBytes: number;
}

/** `off`: it was not asked, by wish of the caller or of the operator, or where nobody can. */
export type CompileCacheUse = "hit" | "miss" | "off";

export type PhaseName = "compile" | "run";

/** Receives what happens, as it happens. */
export interface ExecutionSink {
  /** See `Command.onOutput` for back-pressure. */
  onOutput(phase: PhaseName, stream: OutputStream, chunk: Buffer): void | Promise<void>;
  /** Called once, when the run phase begins: a compiler, if there was one, is done. */
  onRun?(): void;
}

export interface Artifacts extends CollectedFiles {
  /** Why none could be read, for people. */
  readonly problem?: string;
}

export interface ExecutionReport {
  readonly id: string;
  /** Absent for a command. */
  readonly runtime?: Runtime;
  /** Absent where the language is not compiled. */
  readonly compile?: Execution;
  /** Null where compiling did not end with exit code 0: nothing was run. */
  readonly run: Execution | null;
  /** Absent where the language is not compiled. */
  readonly compileCache?: CompileCacheUse;
  /** Absent where none were asked for, or a limit or a cancel ended the sandbox with its files. */
  readonly artifacts?: Artifacts;
  /** Absent where they were not asked for, or went with a sandbox that a limit or a cancel ended. */
  readonly changes?: ReadChanges;
  readonly enforcement: Enforcement;
  /** What it asked for, and got. Absent where the service was not to ask. */
  readonly permissions?: PermissionReport;
}

/** How the changes were read. */
export interface ReadChanges {
  /** False where there are more than `maxChangeEntries`. */
  readonly isComplete: boolean;
  /** Why they could not be read, for people: those that have come are not all. */
  readonly problem?: string;
}

/** Lets a door act on a run that is going on. */
export interface ExecutionControl {
  /** Sends a signal to the program's process group. */
  kill(signal: NodeJS.Signals): void;
  /** Changes the size of its terminal, if it has one. */
  resize(size: TtySize): void;
}
