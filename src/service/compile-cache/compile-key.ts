/**
 * @module
 * The name under which a compiled program is kept: a hash of all that decides what a compiler makes.
 */
import { createHash } from "node:crypto";
import type { SandboxFile } from "../../core/sandbox.ts";

export interface CompileInputs {
  /** Of the programs that compile: changes whenever they may do otherwise. */
  readonly toolchain: string;
  readonly provider: string;
  /** Each command's words. */
  readonly commands: readonly (readonly string[])[];
  readonly env: Readonly<Record<string, string>>;
  /** What of the network the compiler may reach. */
  readonly network: string;
  readonly files: readonly SandboxFile[];
}

/** Changes with what is kept, or how. */
const FORMAT = 1;

/** 64 hexadecimal digits. */
export function compileKey(inputs: CompileInputs): string {
  const { toolchain, provider, commands, env, network, files } = inputs;
  const named = files.map(({ path, executable = false, content }) => {
    return [path, executable, createHash("sha256").update(content).digest("hex")] as const;
  });
  const sorted = {
    format: FORMAT,
    architecture: process.arch,
    toolchain,
    provider,
    commands,
    env: Object.entries(env).sort(([left], [right]) => (left < right ? -1 : 1)),
    network,
    files: named.sort(([left], [right]) => (left < right ? -1 : 1)),
  };
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex");
}
