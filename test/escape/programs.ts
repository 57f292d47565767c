/**
 * @module
 * The attack programs, made ready to be put into a sandbox.
 */
import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { SandboxFile } from "../../src/core/sandbox.ts";
import { isExecutable } from "../../src/util/is-executable.ts";

const sourceFolder = join(import.meta.dirname, "programs");
const COMPILE_TIMEOUT_MS = 60_000;
const PARALLEL = 2;

/** musl first: its static programs are small and start at once. */
const compilers = ["musl-gcc", "cc"] as const;

/** The compiler for the attack programs, or undefined where the host has none. */
export function findCompiler(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return compilers.find((name) => folders.some((folder) => isExecutable(join(folder, name))));
}

/** Compiles C programs into `folder`, each under its name without `.c`. */
export async function compilePrograms(
  compiler: string,
  folder: string,
  wanted = /^(?!ask-)/,
): Promise<void> {
  const sources = readdirSync(sourceFolder).filter(
    (name) => name.endsWith(".c") && wanted.test(name),
  );
  const worker = async (): Promise<void> => {
    for (let source = sources.pop(); source !== undefined; source = sources.pop()) {
      await compile(compiler, source, join(folder, source.slice(0, -".c".length)));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

async function compile(compiler: string, source: string, output: string): Promise<void> {
  const kernelHeaders = ["-idirafter", "/usr/include", "-idirafter", systemInclude()];
  const flags = ["-static", "-std=gnu11", "-O1", "-w", "-pthread", ...kernelHeaders];
  const args = [...flags, "-o", output, join(sourceFolder, source)];
  await promisify(execFile)(compiler, args, { timeout: COMPILE_TIMEOUT_MS });
}

/** Where Debian has <asm/…>, which musl's own headers lack. */
const systemInclude = (): string =>
  `/usr/include/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;

export interface ReadyProgram {
  readonly file: SandboxFile;
  /** Its command line inside, without arguments. */
  readonly argv: readonly string[];
}

/** @param folder Where `compilePrograms` put its programs. */
export function readyProgram(program: string, folder: string): ReadyProgram {
  if (program.endsWith(".c")) {
    const name = program.slice(0, -".c".length);
    const content = readFileSync(join(folder, name));
    return { file: { path: name, content, executable: true }, argv: [`./${name}`] };
  }
  const content = readFileSync(join(sourceFolder, program));
  const interpreter = program.endsWith(".sh") ? "/bin/sh" : "/usr/bin/python3";
  return { file: { path: program, content }, argv: [interpreter, `./${program}`] };
}
