/**
 * @module
 * Runs one attack in a fresh sandbox and judges both sides of the wall.
 */
import { expect, type TestContext } from "vitest";
import type { Execution } from "../../src/core/execution.ts";
import type { Limits } from "../../src/core/limits.ts";
import type { Policy } from "../../src/core/policy.ts";
import type { Provider, ProviderSandbox } from "../../src/core/provider.ts";
import { workspacePath, type HostProgram, type SandboxFile } from "../../src/core/sandbox.ts";
import { Readable } from "node:stream";
import type { LeftoverCheck } from "../helpers/leftovers.ts";
import {
  attackLimits,
  type Attack,
  type AttackResult,
  type Difference,
  type Differences,
} from "./attack.ts";
import type { Bait } from "./bait.ts";
import { chmodSync, writeFileSync } from "node:fs";
import { readyProgram, type ReadyProgram } from "./programs.ts";

export interface Field {
  readonly provider: Provider;
  readonly bait: Bait;
  readonly leftovers: LeftoverCheck;
  readonly differences: Differences;
  /** Of the compiled programs, on the host. */
  readonly programFolder: string;
  /** Why this host can't mount a folder that the program may write to, or undefined. */
  readonly mountGap: string | undefined;
}

/** Where the program lies inside when the workspace is a folder of the host. */
const lentFolder = "/opt/attack";

export async function createSandbox(
  { provider }: Field,
  policy: Partial<Policy>,
  limits: Limits,
  files: readonly SandboxFile[],
  hostPrograms: readonly HostProgram[] = [],
): Promise<ProviderSandbox> {
  const { memoryBytes, processes, diskBytes, openFiles } = limits;
  return provider.create(
    {
      policy: { network: { mode: "none" }, workspace: { kind: "scratch" }, ...policy },
      limits: { memoryBytes, processes, diskBytes, openFiles },
      files,
      hostPrograms,
      enforcement: "strict",
    },
    new AbortController().signal,
  );
}

export interface ExecParts {
  readonly limits: Limits;
  readonly stdin?: string | Readable;
  /** Besides what all programs get. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onOutputLimit?: "truncate" | "kill";
  /** Sees stdout as it comes. */
  readonly onText?: (text: string) => void;
}

/** Runs a command and keeps its output. */
export async function execute(
  { leftovers }: Field,
  sandbox: ProviderSandbox,
  argv: readonly string[],
  { limits, stdin, env = {}, onOutputLimit = "truncate", onText }: ExecParts,
): Promise<AttackResult> {
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const execution = await sandbox.exec(
    {
      argv,
      env: {
        PATH: "/usr/local/bin:/usr/bin:/bin",
        HOME: "/home/sandbox",
        ...leftovers.env,
        ...env,
      },
      cwd: workspacePath,
      stdin: typeof stdin === "string" ? Readable.from([stdin]) : (stdin ?? "empty"),
      limits,
      onOutputLimit,
      onOutput: (stream, chunk) => {
        output[stream].push(chunk);
        if (stream === "stdout") onText?.(chunk.toString("latin1"));
      },
    },
    new AbortController().signal,
  );
  return resultOf(execution, Buffer.concat(output.stdout), Buffer.concat(output.stderr));
}

function resultOf(execution: Execution, stdout: Buffer, stderr: Buffer): AttackResult {
  const { outcome, usage, droppedBytes } = execution;
  return {
    outcome,
    stdout: stdout.toString("utf8"),
    stderr: stderr.toString("utf8"),
    keptBytes: stdout.length + stderr.length,
    droppedBytes: droppedBytes.stdout + droppedBytes.stderr,
    wallTimeMs: usage.wallTimeMs,
    cpuTimeMs: usage.cpuTimeMs ?? 0,
    peakMemoryBytes: usage.peakMemoryBytes ?? 0,
  };
}

/**
 * Skips a scenario that a provider's table of differences names, with the table's reason. A host has no
 * part in it, so this is no gap that `GLOVEBOX_REQUIRE` could make a failure: the wall is not there.
 */
export function skipWhereNamed(context: TestContext, { differences }: Field, name: string): void {
  const difference = differences[name];
  // Only where the provider has no such wall at all, by its nature: the row would attack nothing. The
  // table is reviewed like a test, and SECURITY.md has what it says.
  if (difference !== undefined && !isPart(difference)) context.skip(difference.reason);
}

/**
 * Runs a row and throws where a wall did not hold.
 *
 * @returns Why the row was not run, or undefined.
 */
export async function runAttack(field: Field, attack: Attack): Promise<string | undefined> {
  const { bait, leftovers } = field;
  const difference = field.differences[attack.name];
  if (difference !== undefined && !isPart(difference)) return difference.reason;
  const limits = { ...attackLimits, ...attack.limits };
  const policy = attack.policy?.(bait) ?? {};
  const { workspace } = policy;
  if (workspace?.kind === "mount" && workspace.access === "rw" && field.mountGap !== undefined) {
    return field.mountGap;
  }
  const { argv, file, files, hostPrograms } = place(field, attack, policy);
  const args = [...(attack.args?.(bait) ?? []), ...(difference?.args ?? [])];
  const sandbox = await createSandbox(field, policy, limits, files, hostPrograms);
  let result: AttackResult;
  try {
    const control = attack.needs === undefined ? undefined : sandbox.enforcement[attack.needs];
    if (control !== undefined && control.level !== "enforced") return control.note;
    result = await execute(field, sandbox, [...argv, ...args], {
      limits,
      ...(attack.stdin === undefined ? {} : { stdin: attack.stdin }),
      ...(attack.onOutputLimit === undefined ? {} : { onOutputLimit: attack.onOutputLimit }),
    });
    expect(await leftovers.processes()).toSatisfy(
      (alive: readonly { commandLine: string }[]) =>
        !alive.some(({ commandLine }) => commandLine.includes(file.path)),
      "nothing of the program lives on after its run",
    );
  } finally {
    await sandbox.destroy();
  }
  try {
    judge({ ...attack, ...pick(difference) }, result, bait, difference);
    await attack.check?.(result, bait);
    expect(bait.damage()).toEqual([]);
  } finally {
    if (workspace?.kind === "mount") bait.resetWorkspace();
  }
  return undefined;
}

/** Whether it concerns a part of the row only. */
const isPart = (difference: Difference): boolean => Object.keys(difference).length > 1;

const pick = ({ ends, tries }: Partial<Difference> = {}): Partial<Attack> => ({
  ...(ends === undefined ? {} : { ends }),
  ...(tries === undefined ? {} : { tries }),
});

interface PlacedProgram extends ReadyProgram {
  readonly files: readonly SandboxFile[];
  readonly hostPrograms: readonly HostProgram[];
}

/**
 * Where the program comes from. A mounted workspace takes no files: the host lends it there, or, where
 * an image brings the programs, it lies in the mounted folder.
 */
function place(field: Field, attack: Attack, policy: Partial<Policy>): PlacedProgram {
  const { provider, programFolder, bait } = field;
  const ready = readyProgram(attack.program, programFolder);
  const { file, argv } = ready;
  if (policy.workspace?.kind !== "mount") return { ...ready, files: [file], hostPrograms: [] };
  if (provider.programs === "image") {
    const path = `${bait.workspace}/${file.path}`;
    writeFileSync(path, file.content);
    chmodSync(path, 0o755);
    return { ...ready, files: [], hostPrograms: [] };
  }
  const path = `${lentFolder}/${file.path}`;
  const lent = { hostPath: `${programFolder}/${file.path}`, path };
  return { file, argv: [path, ...argv.slice(1)], files: [], hostPrograms: [lent] };
}

function judge(
  attack: Attack,
  result: AttackResult,
  bait: Bait,
  difference: Difference | undefined,
): void {
  const { stdout, stderr, outcome } = result;
  const lines = stdout.split("\n");
  const transcript = `${JSON.stringify(outcome)}\n${stdout.slice(-4000)}\n${stderr.slice(-1000)}`;
  const isTry = (line: string): boolean => /^(held|trying|ESCAPED):/.test(line);
  expect.soft(escapesIn(stdout, difference)).toEqual([]);
  const tries = lines.filter(isTry).length;
  expect(tries, `too few tries in:\n${transcript}`).toBeGreaterThanOrEqual(attack.tries);
  expect(stdout + stderr).not.toContain(bait.secret);
  if (attack.ends === "anyhow") return;
  const ends = attack.ends ?? [{ kind: "exited", exitCode: 0 }];
  expect(ends, transcript).toContainEqual(outcome);
  if (attack.ends === undefined) expect(lines.at(-2), transcript).toBe("done");
}

/** What the program says of walls that did not stand, but where that is otherwise by its nature. */
export function escapesIn(stdout: string, difference?: Difference): readonly string[] {
  const word = "ESCAPED: ";
  const lines = stdout.split("\n").filter((line) => line.startsWith(word));
  const all = lines.map((line) => line.slice(word.length));
  return all.filter((what) => difference?.says?.test(what) !== true);
}
