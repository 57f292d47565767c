/**
 * @module
 * What a shell needs of whoever opened it: sandboxes, and what is found in them.
 */
import type { Writable } from "node:stream";
import type { Pipe, Streams } from "./streams.ts";

export interface ShellHost {
  /** The home folder of the user. */
  readonly home: string;
  /** The shell's own. */
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly reach: Reach;
  /** Tells the user one line, if he wants to hear of such things. */
  readonly note: (line: string) => void;
  /** Tells why nothing was run. */
  readonly refuse: (line: string) => void;
  /** Tells of a failure. @returns The exit code that it has. */
  readonly fail: (error: unknown) => number;
  /**
   * Runs a command in a sandbox of its own, to its end, whatever becomes of its streams.
   *
   * @param signal Its abort ends the sandbox.
   * @returns The exit code, 141 where nobody reads what it writes.
   * @throws {GloveboxError}
   */
  readonly run: (command: SandboxCommand, streams: Streams, signal: AbortSignal) => Promise<number>;
  /** For the commands of a pipeline. */
  readonly createPipes: (count: number) => Promise<readonly Pipe[]>;
  readonly findPackage: FindPackage;
  /** Whether a command of this name is in a folder where a sandbox's programs are looked for. */
  readonly hasProgram: (name: string) => Promise<boolean>;
  /** What could be run of a file of this machine; its path is absolute. Undefined: nothing. */
  readonly kindOfFile: (path: string) => "script" | "program" | undefined;
  /** For `permissions`, with the words after it. */
  readonly permissions: (words: readonly string[], streams: Streams) => Promise<number>;
}

/** Of a package whose name, or whose file's path, a command begins with. */
export type FindPackage = (word: string) => Promise<FoundPackage | undefined>;

export interface FoundPackage {
  readonly name: string;
  /** Its file, absolute. */
  readonly file: string;
}

/** What the shell itself may touch, for a line that it runs. */
export interface Reach {
  /** The workspace of commands that start in a folder. @throws {GloveboxError} for a folder that is none. */
  readonly workspaceOf: (folder: string) => string;
  /** Whether `cd` may lead out of the workspace. */
  readonly isFree: boolean;
  /** Whether redirections may write in the workspace. */
  readonly canWrite: boolean;
}

export interface SandboxCommand {
  readonly what: Runnable;
  readonly env: Readonly<Record<string, string>>;
  /** Absolute, on this machine. */
  readonly folder: string;
  /** Beside the lines that follow: it has no terminal, and nobody is asked. */
  readonly isBackground: boolean;
}

export type Runnable =
  | { readonly kind: "program"; readonly argv: readonly string[] }
  /** By the language that its first line or its extension tells. */
  | { readonly kind: "script"; readonly file: string; readonly args: readonly string[] }
  | { readonly kind: "package"; readonly found: FoundPackage; readonly args: readonly string[] };
