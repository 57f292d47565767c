/**
 * @module
 * What the tests of the conformance suite have in common: sandboxes that are always destroyed, and
 * commands whose output is kept.
 */
import type { Command } from "../../src/core/command.ts";
import type { EnforcementMode } from "../../src/core/enforcement.ts";
import type { Execution } from "../../src/core/execution.ts";
import type { Limits } from "../../src/core/limits.ts";
import type { Provider, ProviderSandbox } from "../../src/core/provider.ts";
import { workspacePath } from "../../src/core/sandbox.ts";
import type { SandboxFile, SandboxSpec } from "../../src/core/sandbox.ts";
import type { LeftoverCheck } from "../helpers/leftovers.ts";

const MIB = 1024 * 1024;

export interface FolderOwner {
  readonly uid: number;
  readonly gid: number;
}

export interface Suite {
  readonly provider: () => Provider;
  readonly enforcement: EnforcementMode;
  readonly folderOwner: FolderOwner;
  readonly leftovers: () => LeftoverCheck;
  /** A test that every provider owes, unless its exceptions name it. */
  readonly must: (name: string, body: () => Promise<void>) => void;
}

/** Small enough to be hit soon, large enough for Python. */
export const testLimits: Limits = {
  wallTimeMs: 15_000,
  cpuTimeMs: 15_000,
  memoryBytes: 256 * MIB,
  processes: 64,
  outputBytes: MIB,
  diskBytes: 32 * MIB,
  openFiles: 128,
};

export type SpecParts = Partial<Omit<SandboxSpec, "limits" | "policy">> & {
  readonly limits?: Partial<Limits>;
  readonly policy?: Partial<SandboxSpec["policy"]>;
};

export type CommandParts = Partial<Omit<Command, "argv" | "limits">> & {
  readonly limits?: Partial<Limits>;
  readonly signal?: AbortSignal;
};

export interface Result extends Execution {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** stdout as text. */
  readonly text: string;
}

export const sh = (script: string, ...args: readonly string[]): readonly string[] => [
  "/bin/sh",
  "-c",
  script,
  "sh",
  ...args,
];

export const python = (script: string, ...args: readonly string[]): readonly string[] => [
  "python3",
  "-c",
  script,
  ...args,
];

export const file = (path: string, content: string | Uint8Array): SandboxFile => ({
  path,
  content: typeof content === "string" ? Buffer.from(content) : content,
});

export function specOf(suite: Suite, parts: SpecParts = {}): SandboxSpec {
  const { memoryBytes, processes, diskBytes, openFiles } = { ...testLimits, ...parts.limits };
  return {
    files: [],
    hostPrograms: [],
    enforcement: suite.enforcement,
    ...parts,
    policy: { network: { mode: "none" }, workspace: { kind: "scratch" }, ...parts.policy },
    limits: { memoryBytes, processes, diskBytes, openFiles },
  };
}

/** Creates a sandbox for the time of `use`. */
export async function withSandbox<T>(
  suite: Suite,
  parts: SpecParts,
  use: (sandbox: ProviderSandbox) => Promise<T>,
): Promise<T> {
  const spec = specOf(suite, parts);
  const sandbox = await suite.provider().create(spec, new AbortController().signal);
  try {
    return await use(sandbox);
  } finally {
    await sandbox.destroy();
  }
}

export async function execIn(
  suite: Suite,
  sandbox: ProviderSandbox,
  argv: readonly string[],
  { signal = new AbortController().signal, limits, ...parts }: CommandParts = {},
): Promise<Result> {
  const chunks: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
  const { wallTimeMs, cpuTimeMs, outputBytes } = { ...testLimits, ...limits };
  const execution = await sandbox.exec(
    {
      env: { PATH: "/usr/local/bin:/usr/bin:/bin", ...suite.leftovers().env },
      cwd: workspacePath,
      stdin: "empty",
      onOutputLimit: "truncate",
      ...parts,
      argv,
      limits: { wallTimeMs, cpuTimeMs, outputBytes },
      onOutput: async (stream, chunk) => {
        chunks[stream].push(chunk);
        await parts.onOutput?.(stream, chunk);
      },
    },
    signal,
  );
  const stdout = Buffer.concat(chunks.stdout);
  const stderr = Buffer.concat(chunks.stderr);
  return { ...execution, stdout, stderr, text: stdout.toString("utf8") };
}

/** One command in a sandbox of its own; `limits` may be of both. */
export async function runOnce(
  suite: Suite,
  argv: readonly string[],
  command: CommandParts = {},
  spec: SpecParts = {},
): Promise<Result> {
  const parts = { ...spec, limits: { ...command.limits, ...spec.limits } };
  return withSandbox(suite, parts, (sandbox) => execIn(suite, sandbox, argv, command));
}

/** Resolves when `text` has come on stdout: the event to wait for, instead of some time. */
export function waitForOutput(text: string): {
  readonly seen: Promise<void>;
  readonly onOutput: Command["onOutput"];
} {
  let resolveSeen: () => void;
  let output = "";
  const seen = new Promise<void>((resolve) => {
    resolveSeen = resolve;
  });
  return {
    seen,
    onOutput: (stream, chunk) => {
      if (stream === "stdout") output += chunk.toString("utf8");
      if (output.includes(text)) resolveSeen();
    },
  };
}
