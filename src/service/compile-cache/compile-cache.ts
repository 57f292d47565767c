/**
 * @module
 * What a compiler made, kept for the next run of the same source. Only this process writes it, from
 * what it read out of the sandbox before any program of the source ran.
 */
import type { SandboxFile } from "../../core/sandbox.ts";

export interface CompiledProgram {
  /** What compiling added to the workspace, or changed. */
  readonly files: readonly SandboxFile[];
  /** What the compiler said: warnings. */
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** Keys are those of `compileKey`. Neither method throws: a cache that fails is a cache that has nothing. */
export interface CompileCache {
  get(key: string): Promise<CompiledProgram | undefined>;
  put(key: string, program: CompiledProgram): Promise<void>;
}

/** Of what one compile made; what is larger is not kept. A sandbox's files travel in one message. */
export const maxCompiledBytes = 32 * 1024 * 1024;
export const maxCompiledFiles = 4096;
/** Of what the compiler said. */
export const maxCompilerOutputBytes = 256 * 1024;
