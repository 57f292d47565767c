/**
 * @module
 * How long one program takes on an idle machine: bare, in the process of a service, over HTTP. All
 * default limits are on.
 */
import type { BenchOptions, Row } from "../bench.ts";
import { differences, median, percentile } from "../statistics.ts";
import { describeTimes, interleave, spreadOf } from "./interleave.ts";
import { atMost, bareArgv, programs, stdoutInAnswer, type Program } from "./programs.ts";
import { startRequests, type Candidate } from "./requests.ts";
import type { Subjects } from "./subjects.ts";

/** A sandbox that was made ahead can't know what a program is called with. */
const unforeseen = ["an argument"];

export async function measureLatency(
  subjects: Subjects,
  options: BenchOptions,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const program of programs) rows.push(...(await measureProgram(program, subjects, options)));
  return rows;
}

async function measureProgram(
  program: Program,
  { inProcess, port, cpus }: Subjects,
  { effort, folder, progress }: BenchOptions,
): Promise<readonly Row[]> {
  const { title, language, code, stdout } = program;
  const argv = bareArgv(program);
  if (argv === undefined) return [{ name: title, skipped: `${program.bare[0]} is not installed` }];
  progress(`${title}, one at a time`);
  await inProcess.prepareLanguage(language);
  const body = { language, code };
  const expect = stdoutInAnswer(stdout);
  const http = (body: object): Candidate => ({ kind: "http", port, body, expect });
  const candidates: readonly Candidate[] = [
    { kind: "exec", argv, expect: stdout },
    http(body),
    http({ ...body, args: unforeseen }),
  ];
  await using requests = await startRequests(folder, candidates, cpus);
  const runInProcess = inProcess.prepareRun(body, stdout);
  const [rounds, maxMs] = effort === "full" ? [150, 45_000] : [25, 6_000];
  const times = await interleave(
    {
      bare: { run: () => requests.once(0) },
      http: { run: () => requests.once(1), perRound: 2 },
      inProcess: { run: async () => (await runInProcess()).wholeMs },
      cold: { run: () => requests.once(2) },
    },
    { rounds, maxMs },
  );
  return rowsOf(program, times);
}

type Times = Readonly<Record<"bare" | "http" | "inProcess" | "cold", readonly number[]>>;

function rowsOf(program: Program, times: Times): readonly Row[] {
  const { title } = program;
  const bare = `bare ${describeTimes(times.bare)}`;
  const point = (series: string, name: keyof Times) => {
    const spread = spreadOf(times[name]);
    return { point: { chart: "latency", group: title, series, spread } } as const;
  };
  const ratio = (
    name: keyof Times,
    label: string,
    percent: 50 | 99,
    wanted?: { readonly most: number; readonly goal: number },
  ): Row => ({
    name: `${title}: ${label} p${percent} against bare`,
    value: percentile(times[name], percent) / percentile(times.bare, percent),
    unit: "times",
    ...(wanted === undefined ? {} : { bound: atMost(wanted.most) }),
    how: `${wanted === undefined ? "" : `goal ${wanted.goal}; `}${describeTimes(times[name])} against ${bare}, in turn, 10 to 30 ms apart`,
    ...(percent === 50 ? point(seriesNames[name], name) : {}),
  });
  const { added } = program;
  const addedRows: readonly Row[] = [
    {
      name: `${title}: in the process, added to bare`,
      value: median(differences(times.inProcess, times.bare)),
      unit: "ms",
      ...(added === undefined ? {} : { bound: atMost(added.most) }),
      how: `${added === undefined ? "" : `goal ${added.goal}; `}median of ${times.bare.length} differences`,
    },
  ];
  return [
    {
      name: `${title}: bare p50`,
      value: median(times.bare),
      unit: "ms",
      how: bare,
      ...point(seriesNames.bare, "bare"),
    },
    ratio("http", "POST /v1/execute", 50, program.http),
    ratio("http", "POST /v1/execute", 99),
    ratio("inProcess", "in the process", 50, program.inProcess),
    ratio("inProcess", "in the process", 99),
    ...(added === undefined ? [] : addedRows),
    ratio("cold", "with arguments, POST /v1/execute", 50),
  ];
}

const seriesNames: Readonly<Record<keyof Times, string>> = {
  bare: "bare process",
  http: "Glovebox over HTTP",
  inProcess: "Glovebox in the process",
  cold: "Glovebox over HTTP, cold",
};
