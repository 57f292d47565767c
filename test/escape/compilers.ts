/**
 * @module
 * Source code that attacks while it is compiled.
 */
import { expect, test } from "vitest";
import { createService } from "../../src/app.ts";
import type { ExecutionReport } from "../../src/service/request.ts";
import { attackLimits } from "./attack.ts";
import type { Bait } from "./bait.ts";
import { findLeftBehind } from "./left-behind.ts";
import { readyProgram } from "./programs.ts";
import { createSandbox, escapesIn, execute, type Field } from "./run-attack.ts";

const MIB = 1024 * 1024;

interface SourceAttack {
  readonly name: string;
  readonly language: "c" | "cpp";
  readonly source: (bait: Bait) => string;
  readonly env?: Readonly<Record<string, string>>;
  /** What shows in the output that the attack was tried. */
  readonly says?: RegExp;
  /** Of the compiler; default 4 s. Less where it is known to use all that it gets. */
  readonly compileMs?: number;
  readonly extraFiles?: readonly { readonly path: string; readonly content: string }[];
}

/** Each level needs two more types: 2^40 of them. */
const endlessTemplates = `
template <int N, long P> struct T { T<N - 1, 2 * P> a; T<N - 1, 2 * P + 1> b; };
template <long P> struct T<0, P> {};
T<40, 1> t; int main() {}`;

const reads = (path: string): readonly [string, string][] => [
  ["#include", `#include "${path}"\nint main(void) { return 0; }`],
  [".incbin", `__asm__(".incbin \\"${path}\\"");\nint main(void) { return 0; }`],
  [".include", `__asm__(".include \\"${path}\\"");\nint main(void) { return 0; }`],
];

const sourceAttacks: readonly SourceAttack[] = [
  ...reads("/etc/shadow").map(([how, source]): SourceAttack => ({
    name: `${how} of /etc/shadow fails`,
    language: "c",
    source: () => source,
  })),
  ...["#include", ".incbin"].map((how, index): SourceAttack => ({
    name: `${how} of a file of the host fails`,
    language: "c",
    source: ({ secretFile }) => reads(secretFile)[index]![1],
  })),
  {
    name: "#include of an endless device ends",
    language: "c",
    source: () => '#include "/dev/zero"\nint main(void) { return 0; }',
  },
  {
    name: ".incbin of an endless device ends",
    language: "c",
    source: () => '__asm__(".incbin \\"/dev/zero\\"");\nint main(void) { return 0; }',
  },
  {
    name: "a file that includes itself twice ends",
    compileMs: 2000,
    language: "c",
    source: () => "#include __FILE__\n#include __FILE__\nint main(void) { return 0; }",
  },
  {
    name: "endless templates end",
    language: "cpp",
    compileMs: 2000,
    source: () => endlessTemplates,
  },
  {
    name: "a program of a gigabyte ends at the disk limit",
    language: "c",
    source: () => "char huge[1 << 30] = {1};\nint main(void) { return huge[5]; }",
  },
  {
    name: "a flood of diagnostics ends",
    language: "c",
    source: () =>
      "#define A x + x + x + x + x + x + x + x\n#define B A; A; A; A; A; A; A; A\n" +
      "#define C B; B; B; B; B; B; B; B\n#define D C; C; C; C; C; C; C; C\n" +
      "int main(void) { D; D; D; D; D; D; D; D; }",
  },
  {
    name: "an assembler from the workspace, put in by the environment, gains nothing",
    language: "c",
    source: () => "int main(void) { return 0; }",
    env: { COMPILER_PATH: "/workspace" },
    says: /shadow.*(No such file|Permission denied)/,
    extraFiles: [
      {
        path: "as",
        content: "#!/bin/sh\ncat /etc/shadow\n(setsid sleep 300 >/dev/null 2>&1 &)\nexit 1\n",
      },
    ],
  },
];

export function describeCompilers(field: () => Field): void {
  for (const attack of sourceAttacks) {
    test(attack.name, async () => {
      const { bait, leftovers } = field();
      const { report, output } = await compileAndRun(field(), attack);
      expect(output).not.toContain(bait.secret);
      expect(output).not.toMatch(/^root:[^x]/m);
      expect(report.compile, output.slice(-1000)).toBeDefined();
      expect(report.compile!.outcome).not.toEqual({ kind: "exited", exitCode: 0 });
      expect(report.run).toBeNull();
      if (attack.says !== undefined) expect(output).toMatch(attack.says);
      expect(bait.damage()).toEqual([]);
      expect(await findLeftBehind(leftovers)).toEqual([]);
    });
  }

  test("what a compile phase leaves running is dead in the run phase", async () => {
    const { file, argv } = readyProgram("daemon.c", field().programFolder);
    const look = readyProgram("other-processes.c", field().programFolder);
    const sandbox = await createSandbox(field(), {}, attackLimits, [file, look.file]);
    const limits = attackLimits;
    try {
      const compile = await execute(field(), sandbox, argv, { limits });
      expect(compile.outcome).toEqual({ kind: "exited", exitCode: 0 });
      const { victimPid } = field().bait;
      const run = await execute(field(), sandbox, [...look.argv, String(victimPid)], { limits });
      const lookRow = "no other process, environment or cgroup path is to be seen";
      expect(escapesIn(run.stdout, field().differences[lookRow])).toEqual([]);
      expect(run.stdout).toContain("held: it sees two processes");
      expect(run.stdout).toMatch(/^done$/m);
    } finally {
      await sandbox.destroy();
    }
  });
}

async function compileAndRun(
  { provider, leftovers, bait }: Field,
  { language, source, env = {}, extraFiles = [], compileMs = 4000 }: SourceAttack,
): Promise<{ readonly report: ExecutionReport; readonly output: string }> {
  const compileLimits = { wallTimeMs: compileMs, cpuTimeMs: compileMs };
  const service = createService({ provider, compileLimits });
  const chunks: Buffer[] = [];
  const main = { path: language === "c" ? "main.c" : "main.cpp", content: source(bait) };
  const files = [main, ...extraFiles].map(({ path, content }) => ({
    path,
    content: Buffer.from(content),
    executable: !path.includes("."),
  }));
  try {
    const report = await service.run(
      {
        program: { kind: "code", language, files },
        args: [],
        env: { ...leftovers.env, ...env },
        stdin: "empty",
        limits: { ...attackLimits, memoryBytes: 256 * MIB },
        onOutputLimit: "truncate",
        network: { mode: "none" },
        enforcement: "strict",
      },
      { onOutput: (_phase, _stream, chunk) => void chunks.push(chunk) },
      new AbortController().signal,
    );
    return { report, output: Buffer.concat(chunks).toString("latin1") };
  } finally {
    await service.close();
  }
}
