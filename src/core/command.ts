/**
 * @module
 * What to start inside a sandbox, and where its streams go.
 */
import type { Readable } from "node:stream";
import type { Limits, OutputLimitAction } from "./limits.ts";

export type OutputStream = "stdout" | "stderr";

/** Of a terminal, each from 1 to 65,535. */
export interface TtySize {
  readonly columns: number;
  readonly rows: number;
}

/** Absolute paths, where nobody else can get. */
export interface HostPipes {
  readonly stdin?: string;
  readonly stdout?: string;
}

export interface Command {
  /** Program and arguments, at least one; looked up in `env.PATH` inside the sandbox if it has no `/`. */
  readonly argv: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute path inside. */
  readonly cwd: string;
  /** `empty` reads end of file at once. At most one command of a sandbox may have another. */
  readonly stdin: Readable | "empty";
  /**
   * A terminal of this size instead of pipes: all output is `stdout`, and the end of `stdin` is Ctrl-D.
   * Absent: pipes.
   */
  readonly tty?: TtySize;
  /**
   * Pipes of this machine, of which the caller holds both ends open. A provider that can gives them
   * to the program itself; then `stdin` is not read, and `onOutput` hears nothing of its stdout.
   */
  readonly hostPipes?: HostPipes;
  readonly limits: Pick<Limits, "wallTimeMs" | "cpuTimeMs" | "outputBytes">;
  readonly onOutputLimit: OutputLimitAction;
  /**
   * Called with each piece of output in order of arrival. While a returned promise is pending no
   * more of that stream is read, so a slow reader slows the program down.
   */
  readonly onOutput: (stream: OutputStream, chunk: Buffer) => void | Promise<void>;
}

/**
 * How a program that was started before its file is there waits for it: at the first call that names the
 * file, or at the second read of it.
 */
export interface ParkPlace {
  /** `wait`: this process goes on. `fork`: it stays, and forks of it go on. */
  readonly mode: "wait" | "fork";
  readonly point: "open" | "read";
  /** The file, as a word of `argv` names it. */
  readonly entry: string;
  /** A program of the language's own, on which a template tries what its forks will write to. */
  readonly trial?: string;
  /** Another, for what forks take that wait for their file. */
  readonly usual?: string;
  /** A variable that it has until it has come to the point. */
  readonly env?: { readonly name: string; readonly value: string };
  /** Called at the point in a template: a function of the program's, and its text. */
  readonly prelude?: { readonly evaluator: string; readonly text: string };
}

/** A command that is started before its program is there. */
export interface AheadCommand extends Pick<Command, "argv" | "env" | "cwd"> {
  /** `pipe`: it will have one. */
  readonly stdin: "pipe" | "empty";
  readonly cpuTimeMs: Limits["cpuTimeMs"];
  /** It has a name of one caller's own, who may be the only one to use it; it is never a fork. */
  readonly isOwn: boolean;
  readonly park: ParkPlace;
}
