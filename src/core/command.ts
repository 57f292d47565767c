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
  readonly limits: Pick<Limits, "wallTimeMs" | "cpuTimeMs" | "outputBytes">;
  readonly onOutputLimit: OutputLimitAction;
  /**
   * Called with each piece of output in order of arrival. While a returned promise is pending no
   * more of that stream is read, so a slow reader slows the program down.
   */
  readonly onOutput: (stream: OutputStream, chunk: Buffer) => void | Promise<void>;
}
