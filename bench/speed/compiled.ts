/**
 * @module
 * Compiled languages: a source that nobody has compiled before, and one that is unchanged, beside the
 * plain compiler; a C binary beside itself.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bound, BenchOptions, Row } from "../bench.ts";
import { differences, median, percentile } from "../statistics.ts";
import { describeTimes, interleave, spreadOf } from "./interleave.ts";
import { atMost, stdoutInAnswer, systemPath } from "./programs.ts";
import { compileC, nonce, startRequests } from "./requests.ts";
import type { Subjects } from "./subjects.ts";

const hello = "hello\n";

interface Compiled {
  readonly title: string;
  readonly language: string;
  readonly file: string;
  readonly code: string;
  readonly stdout: string;
  /** A shell's line, in a folder with the source. */
  readonly plain: string;
  readonly first: { readonly most: number; readonly goal: number };
  /** Of an unchanged source, in ms. */
  readonly againMs?: { readonly most: number; readonly goal: number };
  readonly rounds: Readonly<Record<BenchOptions["effort"], number>>;
}

const compiled: readonly Compiled[] = [
  {
    title: "C++",
    language: "cpp",
    file: "main.cpp",
    code: `#include <bits/stdc++.h>
int main() {
    std::map<std::string, int> counts;
    for (auto word : {"to", "be", "or", "not", "to", "be"}) counts[word]++;
    std::vector<std::pair<int, std::string>> pairs;
    for (auto &[word, count] : counts) pairs.emplace_back(count, word);
    std::sort(pairs.rbegin(), pairs.rend());
    for (auto &[count, word] : pairs) std::cout << word << count << "\\n";
} // `,
    stdout: "to2\nbe2\nor1\nnot1\n",
    plain: "g++ -O1 -o a.out main.cpp && ./a.out",
    first: { most: 0.5, goal: 0.15 },
    againMs: { most: 10, goal: 3 },
    rounds: { full: 12, quick: 2 },
  },
  {
    title: "Java",
    language: "java",
    file: "Main.java",
    code: `public class Main { public static void main(String[] args) { System.out.println("hello"); } } // `,
    stdout: hello,
    plain: "javac Main.java && java Main",
    first: { most: 0.4, goal: 0.1 },
    rounds: { full: 25, quick: 3 },
  },
];

export async function measureCompiled(
  subjects: Subjects,
  options: BenchOptions,
): Promise<readonly Row[]> {
  const rows = [...(await measureBinary(subjects, options))];
  for (const each of compiled) rows.push(...(await measureLanguage(each, subjects, options)));
  return rows;
}

async function measureLanguage(
  { title, language, file, code, stdout, plain, first, againMs, rounds }: Compiled,
  { inProcess, port, cpus }: Subjects,
  { effort, folder, progress }: BenchOptions,
): Promise<readonly Row[]> {
  const [compiler = ""] = plain.split(" ");
  if (systemPath(compiler) === undefined)
    return [{ name: title, skipped: `${compiler} is not installed` }];
  progress(`${title}: preparing, then ${rounds[effort]} rounds`);
  await inProcess.prepareLanguage(language);
  const own = join(folder, language);
  mkdirSync(own);
  writeFileSync(join(own, file), code);
  const expect = stdoutInAnswer(stdout);
  const http = (comment: string) =>
    ({ kind: "http", port, body: { language, code: code + comment }, expect }) as const;
  await using requests = await startRequests(
    own,
    [
      { kind: "exec", argv: ["/bin/sh", "-c", plain], expect: stdout },
      http(nonce),
      http("unchanged"),
    ],
    cpus,
  );
  const times = await interleave(
    {
      bare: { run: () => requests.once(0) },
      // A compiler that waits for the next one is there by then.
      first: { run: () => requests.once(1) },
      again: { run: () => requests.once(2), perRound: 4 },
    },
    { rounds: rounds[effort], maxMs: 150_000 },
  );
  const point = (series: string, name: keyof typeof times) =>
    ({ chart: "latency", group: title, series, spread: spreadOf(times[name]) }) as const;
  const plainTimes = `${plain.replaceAll(" && ", " and ")}, ${describeTimes(times.bare)}`;
  const ratio = (
    name: "first" | "again",
    label: string,
    percent: 50 | 99,
    wanted: { readonly bound?: Bound; readonly goal?: number },
  ): Row => ({
    name: `${title}: ${label} p${percent} against plain`,
    value: percentile(times[name], percent) / percentile(times.bare, percent),
    unit: "times",
    ...(wanted.bound === undefined ? {} : { bound: wanted.bound }),
    how: `${wanted.goal === undefined ? "" : `goal ${wanted.goal}; `}POST /v1/execute ${describeTimes(times[name])} against ${plainTimes}`,
  });
  return [
    {
      name: `${title}: plain p50`,
      value: median(times.bare),
      unit: "ms",
      how: plainTimes,
      point: point("bare process", "bare"),
    },
    {
      ...ratio("first", "new source", 50, { bound: atMost(first.most), goal: first.goal }),
      point: point("Glovebox over HTTP, cold", "first"),
    },
    ratio("first", "new source", 99, {}),
    ratio("again", "unchanged source", 50, {}),
    {
      name: `${title}: unchanged source p50`,
      value: median(times.again),
      unit: "ms",
      ...(againMs === undefined ? {} : { bound: atMost(againMs.most) }),
      how: `${againMs === undefined ? "" : `goal ${againMs.goal}; `}POST /v1/execute ${describeTimes(times.again)}`,
      point: point("Glovebox over HTTP", "again"),
    },
  ];
}

const binaryMost = { most: 1, goal: 0.5 };

/** The cheapest program there is: what is left is the sandbox. */
async function measureBinary(
  { inProcess, port, cpus }: Subjects,
  { effort, folder, progress }: BenchOptions,
): Promise<readonly Row[]> {
  const code = '#include <stdio.h>\nint main(void) { puts("hello"); }\n';
  const own = join(folder, "c");
  mkdirSync(own);
  const source = join(own, "hello.c");
  writeFileSync(source, code);
  const binary = await compileC(source, join(own, "hello"), ["-O1"]);
  if (systemPath("gcc") === undefined) return [{ name: "C", skipped: "gcc is not installed" }];
  progress("C, one at a time");
  const body = { language: "c", code };
  const expect = stdoutInAnswer(hello);
  const candidates = [
    { kind: "exec", argv: [binary], expect: hello },
    { kind: "http", port, body, expect },
  ] as const;
  await using requests = await startRequests(own, candidates, cpus);
  const runInProcess = inProcess.prepareRun(body, hello);
  const phases: number[] = [];
  const [rounds, maxMs] = effort === "full" ? [150, 30_000] : [25, 5_000];
  const times = await interleave(
    {
      bare: { run: () => requests.once(0) },
      http: { run: () => requests.once(1), perRound: 2 },
      inProcess: {
        run: async () => {
          const { wholeMs, phaseMs } = await runInProcess();
          phases.push(phaseMs);
          return wholeMs;
        },
      },
    },
    { rounds, maxMs },
  );
  const point = (series: string, name: keyof typeof times) =>
    ({ chart: "latency", group: "C", series, spread: spreadOf(times[name]) }) as const;
  const what = "its compiled program from the cache";
  return [
    {
      name: "C: bare p50",
      value: median(times.bare),
      unit: "ms",
      how: `the same program, ${describeTimes(times.bare)}`,
      point: point("bare process", "bare"),
    },
    {
      name: "C: in the process, added to bare",
      value: median(differences(times.inProcess, times.bare)),
      unit: "ms",
      bound: atMost(binaryMost.most),
      how: `goal ${binaryMost.goal}; ${what}, ${describeTimes(times.inProcess)}`,
      point: point("Glovebox in the process", "inProcess"),
    },
    {
      name: "C: of it the phase run",
      value: median(phases),
      unit: "ms",
      how: "as its result reports it",
    },
    {
      name: "C: POST /v1/execute p50",
      value: median(times.http),
      unit: "ms",
      how: `${what}, ${describeTimes(times.http)}`,
      point: point("Glovebox over HTTP", "http"),
    },
  ];
}
