/**
 * @module
 * Compiled languages: the first run of a source, with what was prepared for its language, and the
 * second, from the cache, beside the plain compiler and the plain program.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createProvider, createService, defaultLimits, loadLanguages } from "../src/index.ts";
import { raiseToNeeds } from "../src/core/limits.ts";
import { mainFileOf } from "../src/languages/from-code.ts";
import { createDiskCache } from "../src/service/compile-cache/disk-cache.ts";
import { createPreparedStore } from "../src/service/prepared/prepared-store.ts";
import type { ExecutionRequest, Program } from "../src/service/request.ts";
import type { Bench, BenchOptions, Row } from "./bench.ts";
import { cleanEnvironment, commandPath } from "./clean-environment.ts";
import { median } from "./statistics.ts";

const TIMEOUT_MS = 60_000;
const never = (): AbortSignal => new AbortController().signal;

export const compileBench: Bench = {
  name: "compile",
  about: "the first and the second run of C++, Java and Go sources against the plain compilers",
  kind: "promise",
  run,
};

interface Contest {
  readonly language: string;
  /** Unlike any other: the number makes it so. */
  readonly code: (round: number) => string;
  readonly stdout: string;
  readonly file: string;
  /** The plain way from the source to its output, in an empty folder with the source. */
  readonly plain: readonly (readonly string[])[];
  /** The compiled program there; absent: the last of `plain`. */
  readonly program: readonly string[];
  readonly env?: (folder: string) => Readonly<Record<string, string>>;
  readonly firstMost: number;
}

const contests: readonly Contest[] = [
  {
    language: "cpp",
    code: (round) =>
      `#include <bits/stdc++.h>\nint main() { std::cout << "Hello, world!\\n"; } // ${round}\n`,
    stdout: "Hello, world!\n",
    file: "main.cpp",
    plain: [["g++", "-O1", "-o", "a.out", "main.cpp"], ["./a.out"]],
    program: ["./a.out"],
    firstMost: 0.6,
  },
  {
    language: "java",
    code: (round) =>
      `public class Main { public static void main(String[] args) { System.out.println("Hello, world!"); } } // ${round}\n`,
    stdout: "Hello, world!\n",
    file: "Main.java",
    plain: [
      ["javac", "Main.java"],
      ["java", "Main"],
    ],
    program: ["java", "Main"],
    firstMost: 0.7,
  },
  {
    language: "go",
    code: (round) =>
      `package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("Hello, world!") } // ${round}\n`,
    stdout: "Hello, world!\n",
    file: "main.go",
    plain: [["go", "run", "main.go"]],
    program: [],
    // A cold cache: nobody has compiled anything there before.
    env: (folder) => ({ GOCACHE: join(folder, "gocache"), GO111MODULE: "off" }),
    firstMost: 0.5,
  },
];

async function run(options: BenchOptions): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const contest of contests) rows.push(...(await compete(contest, options)));
  return rows;
}

async function compete(contest: Contest, options: BenchOptions): Promise<readonly Row[]> {
  const { language: id, plain, program, firstMost } = contest;
  const missing = plain.find(([command = ""]) => !command.includes("/") && !commandPath(command));
  if (missing !== undefined)
    return [{ name: id, skipped: `${String(missing[0])} is not installed` }];
  const rounds = options.effort === "full" ? 15 : 5;
  options.progress(`${id}: preparing, then ${rounds} rounds`);
  const service = await openService(options.folder, id);
  const times = { plain: [], first: [], second: [], bare: [], empty: [], bareEmpty: [] } as Record<
    "plain" | "first" | "second" | "bare" | "empty" | "bareEmpty",
    number[]
  >;
  try {
    for (let round = -1; round < rounds; round++) {
      const folder = mkdtempSync(join(options.folder, `${id}-`));
      writeFileSync(join(folder, contest.file), contest.code(round));
      const env = contest.env?.(folder) ?? {};
      let plainMs = 0;
      for (const argv of plain) plainMs += await timePlain(argv, folder, env);
      const bareMs = program.length === 0 ? 0 : await timePlain(program, folder, env);
      const firstMs = await service.time(contest, round, "miss");
      // The end of a sandbox in which was compiled takes longer, and the next run of a slot waits for it.
      await service.timeEmpty();
      const secondMs = await service.time(contest, round, "hit");
      const emptyMs = await service.timeEmpty();
      const bareEmptyMs = await timePlain(["/bin/true"], folder, env);
      if (round < 0) continue;
      times.plain.push(plainMs);
      times.first.push(firstMs);
      times.second.push(secondMs);
      times.bare.push(bareMs);
      times.empty.push(emptyMs);
      times.bareEmpty.push(bareEmptyMs);
    }
  } finally {
    await service.close();
  }
  const how = `medians of ${rounds}, in turn`;
  const rows: Row[] = [
    {
      name: `${id}: first run against ${plain.map((argv) => argv[0]).join(" + ")}`,
      value: median(times.first) / median(times.plain),
      unit: "times",
      bound: { kind: "most", value: firstMost },
      how,
    },
    { name: `${id}: plain`, value: median(times.plain), unit: "ms", how },
    { name: `${id}: first run`, value: median(times.first), unit: "ms", how },
    { name: `${id}: second run`, value: median(times.second), unit: "ms", how },
  ];
  if (program.length === 0) return rows;
  const sandbox = median(times.empty) - median(times.bareEmpty);
  const bare = median(times.bare);
  return [
    ...rows,
    {
      name: `${id}: second run against the bare program and an empty sandbox`,
      value: median(times.second) / (bare + sandbox),
      unit: "times",
      ...(id === "cpp" ? { bound: { kind: "most", value: 1.3 } as const } : {}),
      how,
    },
    { name: `${id}: the bare program`, value: bare, unit: "ms", how },
    { name: "an empty sandbox above /bin/true", value: sandbox, unit: "ms", how },
  ];
}

async function timePlain(
  [command = "", ...args]: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const started = performance.now();
  const child = spawn(command, args, {
    cwd,
    env: { ...cleanEnvironment, ...env },
    stdio: ["ignore", "ignore", "inherit"],
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  await once(child, "close");
  if (child.exitCode !== 0) throw new Error(`${command} failed`);
  return performance.now() - started;
}

async function openService(folder: string, id: string) {
  const own = join(folder, `service-${id}`);
  mkdirSync(own, { mode: 0o755 });
  const provider = await createProvider("linux");
  const languages = loadLanguages();
  const language = languages.byName(id);
  if (language === undefined) throw new Error(`no language ${id}`);
  const service = createService({
    ...{ provider, languages },
    compileCache: createDiskCache({ folder: join(own, "compiled"), maxBytes: 2 ** 30 }),
    preparedStore: createPreparedStore(join(own, "prepared")),
  });
  await service.prepareLanguage(language, never());
  const request = (program: Program): ExecutionRequest => ({
    ...{ program, args: [], env: {}, stdin: "empty", onOutputLimit: "truncate" },
    limits: raiseToNeeds(defaultLimits, language.limits, () => false),
    network: { mode: "none" },
    enforcement: "best-effort",
  });
  const execute = async (program: Program) => {
    const output: Buffer[] = [];
    const started = performance.now();
    const report = await service.run(
      request(program),
      { onOutput: (_phase, _stream, chunk) => void output.push(chunk) },
      never(),
    );
    return { report, text: Buffer.concat(output).toString(), ms: performance.now() - started };
  };
  return {
    time: async (
      { code, stdout }: Contest,
      round: number,
      use: "hit" | "miss",
    ): Promise<number> => {
      const content = Buffer.from(code(round));
      const files = [{ path: mainFileOf(language, content), content }];
      const { report, text, ms } = await execute({ kind: "code", language: id, files });
      if (text !== stdout || report.compileCache !== use) {
        throw new Error(`${id}: not a ${use}, or not its output: ${text.slice(0, 500)}`);
      }
      return ms;
    },
    timeEmpty: async (): Promise<number> =>
      (await execute({ kind: "command", argv: ["/bin/true"] })).ms,
    close: () => service.close(),
  };
}
