/**
 * @module
 * Runs a second, with 1 to 16 going on at a time, without an end in sight.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchOptions, Row } from "../bench.ts";
import { median, percentile } from "../statistics.ts";
import type { Peer } from "./peers.ts";
import { atLeast, bareArgv, nodeHello, pythonHello, stdoutInAnswer } from "./programs.ts";
import type { Program } from "./programs.ts";
import { startRequests, type Candidate, type Load } from "./requests.ts";
import type { Subjects } from "./subjects.ts";

const widths = [1, 2, 4, 8, 16] as const;
/** The share of all cores that the client may take before its figures are its own. */
const FAIR_CLIENT = 0.15;

/** What the one before has left to be tidied up must not count. */
const SETTLE_MS = 300;
/** Pools follow the load: the first moments are another figure. */
const WARM_UP_MS = 300;
/** Of the comparison with others that isolate. */
const PEER_WIDTH = 8;
const PEER_GOAL = 10;
/** As the charts name them. */
const bare = "bare process";
const ours = "Glovebox over HTTP";

interface Contest {
  readonly program: Program;
  readonly wanted: { readonly least: number; readonly goal: number };
  /** Where the wanted holds. */
  readonly boundWidths: readonly number[];
}

const contests: readonly Contest[] = [
  { program: pythonHello, wanted: { least: 4, goal: 7 }, boundWidths: [8, 16] },
  { program: nodeHello, wanted: { least: 1, goal: 3 }, boundWidths: [8, 16] },
];

export async function measureThroughput(
  subjects: Subjects,
  peers: readonly Peer[],
  options: BenchOptions,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const contest of contests) rows.push(...(await compete(contest, subjects, peers, options)));
  return rows;
}

/** By the series' names, then by width: a load for each turn. */
type Loads = ReadonlyMap<string, ReadonlyMap<number, Load[]>>;

async function compete(
  contest: Contest,
  { port, cpus }: Subjects,
  peers: readonly Peer[],
  { effort, folder, progress }: BenchOptions,
): Promise<readonly Row[]> {
  const { program } = contest;
  const { title, language, code, stdout } = program;
  const argv = bareArgv(program);
  if (argv === undefined) return [{ name: `${title}, runs a second`, skipped: "not installed" }];
  const [turns, ms] = effort === "full" ? [3, 1_500] : [1, 700];
  const candidates = new Map<string, Candidate>([
    [bare, { kind: "exec", argv, expect: stdout }],
    [ours, { kind: "http", port, body: { language, code }, expect: stdoutInAnswer(stdout) }],
  ]);
  if (program === pythonHello)
    for (const { title, argv } of peers.filter(({ isThroughput }) => isThroughput))
      candidates.set(title, { kind: "exec", argv, expect: stdout });
  await using requests = await startRequests(folder, [...candidates.values()], cpus);
  const loads = new Map(
    [...candidates.keys()].map((name) => [
      name,
      new Map<number, Load[]>(widths.map((width) => [width, []])),
    ]),
  );
  for (let turn = 0; turn < turns; turn++) {
    for (const width of widths) {
      progress(`${title}, ${width} at a time, turn ${turn + 1} of ${turns}`);
      for (const [index, name] of [...candidates.keys()].entries()) {
        await sleep(SETTLE_MS);
        await requests.load(index, width, WARM_UP_MS);
        loads
          .get(name)!
          .get(width)!
          .push(await requests.load(index, width, ms));
      }
    }
  }
  return rowsOf(contest, loads);
}

function rowsOf(
  { program: { title }, wanted, boundWidths }: Contest,
  loads: Loads,
): readonly Row[] {
  const rate = (name: string, width: number): number =>
    median(
      loads
        .get(name)!
        .get(width)!
        .map(({ runsPerSecond }) => runsPerSecond),
    );
  const rates: readonly Row[] = [...loads].flatMap(([series, byWidth]) =>
    [...byWidth].map(([width, some]): Row => {
      const took = some.flatMap(({ tookMs }) => tookMs);
      const share = Math.max(...some.map(({ clientShare }) => clientShare));
      return {
        name: `${title}, ${width} at a time: ${series}`,
        value: rate(series, width),
        unit: "runs/s",
        how: `median of ${some.length} turns; each p50 ${median(took).toFixed(1)} ms, p99 ${percentile(took, 99).toFixed(1)} ms; the client took ${(share * 100).toFixed(1)} % of the cores${share > FAIR_CLIENT ? ": too much to be fair" : ""}`,
        point: { chart: "throughput", group: title, series, at: width },
      };
    }),
  );
  const ratios = widths.map((width): Row => {
    const isBound = boundWidths.includes(width);
    return {
      name: `${title}, ${width} at a time: runs a second against bare`,
      value: rate(ours, width) / rate(bare, width),
      unit: "times",
      ...(isBound ? { bound: atLeast(wanted.least) } : {}),
      how: `${isBound ? `goal ${wanted.goal}; ` : ""}POST /v1/execute on kept connections, all default limits on, in turn with bare`,
    };
  });
  const others = [...loads.keys()].filter((name) => name !== ours && name !== bare);
  const againstOthers = others.map((name): Row => ({
    name: `${title}, ${PEER_WIDTH} at a time: runs a second against ${name}`,
    value: rate(ours, PEER_WIDTH) / rate(name, PEER_WIDTH),
    unit: "times",
    how: `goal ${PEER_GOAL}; in turn`,
  }));
  return [...ratios, ...againstOthers, ...rates];
}
