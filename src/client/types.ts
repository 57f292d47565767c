/**
 * @module
 * Requests and answers of the v1 API, as JSON has them. A test holds them to the server's schemas.
 */
import type { Ask, AskMessage, PermissionReport } from "./ask-types.ts";
import type { Control, EnforcementLevel, EnforcementMode } from "../core/enforcement.ts";
import type { ErrorCode } from "../core/errors.ts";

/** How bytes are written in a string of JSON. */
export type Encoding = "utf8" | "base64";

export interface SourceFile {
  /** Relative, with `/`; no empty, `.` or `..` part. */
  readonly path: string;
  readonly content: string;
  /** `utf8` if absent. */
  readonly encoding?: Encoding | undefined;
}

/** Whole numbers; what is absent is the server's default. None can be more than the server allows. */
export interface LimitsRequest {
  readonly wall_time_ms?: number | undefined;
  readonly cpu_time_ms?: number | undefined;
  readonly memory_bytes?: number | undefined;
  /** Processes and threads at the same time. */
  readonly processes?: number | undefined;
  /** Of stdout, and of stderr. */
  readonly output_bytes?: number | undefined;
  readonly disk_bytes?: number | undefined;
  /** Of one process. */
  readonly open_files?: number | undefined;
}

/** A program and how to run it. One of `code` and `files` is needed. */
export interface ExecuteRequest {
  /** Id or alias. */
  readonly language: string;
  /** `3.11`, `3`, `*`; absent: any. */
  readonly version?: string | undefined;
  readonly code?: string | undefined;
  readonly code_encoding?: Encoding | undefined;
  /** The first one is the main file, unless `entry` names another. */
  readonly files?: readonly SourceFile[] | undefined;
  readonly entry?: string | undefined;
  readonly stdin?: string | undefined;
  readonly stdin_encoding?: Encoding | undefined;
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly limits?: LimitsRequest | undefined;
  readonly compile_limits?: Pick<LimitsRequest, "wall_time_ms" | "cpu_time_ms"> | undefined;
  readonly compile_args?: readonly string[] | undefined;
  readonly compile_cache?: "use" | "off" | undefined;
  /** Paths that come back, relative to `/workspace`; `out` if absent. */
  readonly artifacts?: readonly string[] | undefined;
  /** `ask`: somebody answers, see `asks`, while the program waits. */
  readonly network?: "none" | "all" | "ask" | undefined;
  /** `ask`: it may ask for files of the user that the server runs as. */
  readonly host_files?: "none" | "ask" | undefined;
  readonly on_output_limit?: "truncate" | "kill" | undefined;
  readonly enforcement?: EnforcementMode | undefined;
  readonly provider?: string | undefined;
  readonly image?: string | undefined;
}

/** In characters, each from 1 to 65535. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A program that is answered later. */
export interface SubmitRequest extends ExecuteRequest {
  /** Where the end is told by a signed POST. */
  readonly callback_url?: string | undefined;
  /** From -10 to 10, among the executions of one key. */
  readonly priority?: number | undefined;
  /** Takes stdin while it runs, see `attach`. */
  readonly interactive?: boolean | undefined;
  /** Of interactive executions: a terminal in place of pipes. */
  readonly tty?: TerminalSize | undefined;
}

/** How one command ended, the compiler or the program. */
export interface Phase {
  readonly stdout: string;
  readonly stdout_encoding: Encoding;
  readonly stderr: string;
  readonly stderr_encoding: Encoding;
  /** Both, in order of arrival. */
  readonly output: string;
  readonly output_encoding: Encoding;
  /** Null where the program did not come to exit. */
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly outcome:
    | "exited"
    | "signaled"
    | "canceled"
    | "wall_time"
    | "cpu_time"
    | "memory"
    | "output"
    | "processes"
    | "disk";
  /** True if output was lost. */
  readonly truncated: boolean;
  /** Absent fields could not be measured. */
  readonly usage: {
    readonly wall_ms: number;
    readonly cpu_ms?: number;
    readonly peak_memory_bytes?: number;
  };
}

type SnakeCase<T extends string> = T extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : "";

/** Of each control, how it was held. */
export type EnforcementReport = Readonly<
  Record<
    SnakeCase<Control>,
    { readonly level: EnforcementLevel; readonly by: string; readonly note: string }
  >
>;

/** What a program did. */
export interface ExecuteAnswer {
  readonly id: string;
  readonly language: string;
  readonly version: string | null;
  /** Absent where the language is not compiled. */
  readonly compile?: Phase;
  /** Null where compiling failed. */
  readonly run: Phase | null;
  readonly compile_cache?: "hit" | "miss" | "off";
  readonly artifacts?: {
    readonly files: readonly {
      readonly path: string;
      readonly content: string;
      readonly encoding: Encoding;
      readonly executable: boolean;
    }[];
    readonly skipped: readonly { readonly path: string; readonly reason: string }[];
    readonly truncated: boolean;
    /** Why none could be read. */
    readonly problem?: string;
  };
  readonly enforcement: EnforcementReport;
  /** What it asked for, and got; absent where it could not ask. */
  readonly permissions?: PermissionReport;
}

/** A failure of the server, as its answers have it. */
export interface ErrorBody {
  readonly code: ErrorCode | (string & {});
  readonly message: string;
  readonly details: unknown;
}

export type ExecutionState = "queued" | "running" | "finished" | "failed" | "canceled";

/** An execution that is answered later. Times are ISO 8601, UTC. */
export interface Execution {
  readonly id: string;
  readonly state: ExecutionState;
  readonly language: string | null;
  readonly priority: number;
  readonly interactive: boolean;
  /** How often it was begun; more than once where the server died meanwhile. */
  readonly attempts: number;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  /** Questions that it waits for the answer of; absent where it waits for none. */
  readonly waiting_for?: readonly Ask[];
  /** Of its end; not in lists, unless `ids` asked for it. */
  readonly result?: ExecuteAnswer;
  /** Why the server failed to run it. */
  readonly error?: ErrorBody;
}

export interface BatchAnswer {
  /** In the order of the request. */
  readonly executions: readonly (Execution | { readonly error: ErrorBody })[];
}

export interface ExecutionList {
  /** Newest first; null stands for what is not there, where `ids` asked for it. */
  readonly executions: readonly (Execution | null)[];
  /** For the next page; null on the last one. */
  readonly next_cursor: string | null;
}

export interface LanguagesAnswer {
  readonly languages: readonly {
    readonly id: string;
    readonly title: string;
    readonly aliases: readonly string[];
    readonly extensions: readonly string[];
    /** A mode of an editor. */
    readonly highlight: string | null;
    readonly version: string | null;
    readonly installed: boolean;
    readonly runtimes: readonly {
      readonly version: string | null;
      readonly image: string | null;
    }[];
  }[];
}

type LimitsReport = Readonly<Record<keyof LimitsRequest, number>>;

export interface InfoAnswer {
  readonly name: string;
  readonly version: string;
  readonly provider: {
    readonly name: string;
    readonly available: boolean;
    readonly reason: string;
  };
  readonly providers: readonly {
    readonly name: string;
    readonly available: boolean;
    readonly reason: string;
    readonly facts: readonly { readonly name: string; readonly text: string }[];
  }[];
  readonly images: { readonly allowed: readonly string[] };
  readonly limits: { readonly default: LimitsReport; readonly max: LimitsReport };
  readonly network: { readonly allowed: readonly string[] };
  readonly permissions: {
    readonly files: "none" | "ask";
    readonly ask_timeout_ms: number;
    readonly always: boolean;
  };
  readonly enforcement: EnforcementReport;
}

export interface HealthAnswer {
  readonly status: string;
  readonly service: string;
  readonly version: string;
  readonly name: string;
}

export type ReadyAnswer =
  | { readonly ready: true; readonly provider: string }
  | { readonly ready: false; readonly reason: string };

/** At the begin, and at each change of the execution's state. */
export interface StateMessage {
  readonly type: "state";
  readonly execution: Execution;
}

export interface OutputMessage {
  readonly type: "output";
  readonly phase: "compile" | "run";
  readonly stream: "stdout" | "stderr";
  /** Bytes of this stream before it. */
  readonly offset: number;
  readonly data: string;
  /** `base64` where the bytes are no UTF-8. */
  readonly encoding: Encoding;
  /** To go on behind it. */
  readonly cursor: string;
}

/** The last one, with the result. */
export interface EndMessage {
  readonly type: "end";
  readonly execution: Execution;
}

export type ExecutionMessage = StateMessage | OutputMessage | AskMessage | EndMessage;

/** Answers a message that was wrong. */
export interface ErrorMessage {
  readonly type: "error";
  readonly error: ErrorBody;
}

export type AttachMessage = ExecutionMessage | ErrorMessage;
