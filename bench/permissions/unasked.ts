/**
 * @module
 * Programs that want nothing that is asked about, in a sandbox that asks and in one that doesn't. They
 * are timed inside, so that the sandbox's own start is not in it; that is a row of its own.
 */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { BenchOptions, Row } from "../bench.ts";
import { interleave } from "../speed/interleave.ts";
import { startRequests, type Candidate, type Requests } from "../speed/requests.ts";
import { createSpawnTimer } from "../spawn-timer.ts";
import { atMost, systemPath } from "../speed/programs.ts";
import { differences, median } from "../statistics.ts";
import type { Runs } from "./runs.ts";

const MAX_RATIO = 1.05;
const FILES = 400;

const imports =
  "argparse asyncio collections csv ctypes datetime decimal email fractions hashlib http.client json " +
  "logging pathlib random re sqlite3 ssl subprocess unittest urllib.request xml.etree.ElementTree zipfile";

/** `silentAgain` is a third sandbox, like the first: it tells what the noise is. */
const placeOf = { silent: "silent", asking: "asking", silentAgain: "silent" } as const;
type Lane = keyof typeof placeOf;
type ByLane<T> = Readonly<Record<Lane, T>>;

interface Program {
  readonly name: string;
  readonly argv: readonly [command: string, ...args: string[]];
}

const programs: readonly Program[] = [
  {
    name: "Python, 23 imports",
    argv: ["python3", "-I", "-c", `import ${imports.split(" ").join(", ")}`],
  },
  { name: `tar of ${FILES} files`, argv: ["tar", "cf", "/tmp/all.tar", "repository"] },
  { name: `git status of ${FILES} files`, argv: ["git", "-C", "repository", "status", "--short"] },
  { name: "gcc -c of a small file", argv: ["gcc", "-c", "-o", "/tmp/small.o", "small.c"] },
];

export async function measureUnasked(runs: Runs, options: BenchOptions): Promise<readonly Row[]> {
  await makeFiles(runs);
  const found = programs.filter(({ argv: [command] }) => systemPath(command) !== undefined);
  const missing = programs.filter((program) => !found.includes(program));
  const candidates = found.map(candidateOf);
  await using silent = await startTimer("silent", runs, candidates);
  await using asking = await startTimer("asking", runs, candidates);
  await using silentAgain = await startTimer("silentAgain", runs, candidates);
  const timers = { silent, asking, silentAgain };
  const rows: Row[] = [];
  for (const [index, { name }] of found.entries()) {
    rows.push(await measureProgram(name, index, timers, options));
  }
  return [
    ...rows,
    ...missing.map(({ name, argv }) => ({ name, skipped: `${argv[0]} is not installed` })),
    await startRow(runs, options),
  ];
}

function candidateOf({ argv: [command, ...args] }: Program): Candidate {
  return { kind: "exec", argv: [systemPath(command)!, ...args], expect: "" };
}

/** It runs inside. */
function startTimer(
  lane: Lane,
  { workspace, words }: Runs,
  candidates: readonly Candidate[],
): Promise<Requests> {
  const folder = join(workspace, lane);
  mkdirSync(folder);
  return startRequests(folder, candidates, cpus().length, (program) =>
    words(placeOf[lane], [join(lane, basename(program))]),
  );
}

async function measureProgram(
  name: string,
  index: number,
  timers: ByLane<Requests>,
  { effort, progress }: BenchOptions,
): Promise<Row> {
  progress(`${name}, in three sandboxes`);
  const lane = (timer: Requests) => ({ run: () => timer.once(index) });
  const { silent, asking, silentAgain } = await interleave(
    {
      silent: lane(timers.silent),
      asking: lane(timers.asking),
      silentAgain: lane(timers.silentAgain),
    },
    effort === "full" ? { rounds: 300, maxMs: 45_000 } : { rounds: 30, maxMs: 10_000 },
  );
  const ratio = (times: readonly number[]): number =>
    median(times.map((ms, round) => ms / silent[round]!));
  const how = `median of ${asking.length} ratios, in turn; ${median(asking).toFixed(2)} ms against ${median(silent).toFixed(2)} ms`;
  return {
    name: `${name}: where it asks, against where it doesn't`,
    value: ratio(asking),
    unit: "times",
    bound: atMost(MAX_RATIO),
    how: `${how}; another that doesn't ask: ${ratio(silentAgain).toFixed(2)}`,
  };
}

/** Asking needs more before the program's first step: a launcher, a network and a file system of its own. */
async function startRow(runs: Runs, { effort, folder, progress }: BenchOptions): Promise<Row> {
  const rounds = effort === "full" ? 40 : 10;
  progress(`${rounds} starts`);
  const timer = await createSpawnTimer(folder, { env: runs.env, cwd: runs.workspace });
  const start = (place: "silent" | "asking") =>
    ({ kind: "exec", argv: absolute(runs.words(place, ["true"])) }) as const;
  const candidates = [start("silent"), start("asking")];
  const [silent, asking] = await timer.time(rounds, candidates);
  return {
    name: "glovebox run -- true: what asking adds",
    value: median(differences(asking!.reaped, silent!.reaped)),
    unit: "ms",
    how: `median of ${rounds} differences, start to reaped; ${median(silent!.reaped).toFixed(1)} ms without`,
  };
}

/** The timer looks for no program. */
function absolute([command, ...args]: readonly [string, ...string[]]): readonly [
  string,
  ...string[],
] {
  return [systemPath(command) ?? command, ...args];
}

async function makeFiles({ workspace }: Runs): Promise<void> {
  const repository = join(workspace, "repository");
  for (let number = 0; number < FILES; number++) {
    const folder = join(repository, `part-${number % 20}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file-${number}.txt`), `${number}\n`.repeat(200));
  }
  writeFileSync(
    join(workspace, "small.c"),
    '#include <stdio.h>\nint main(void) { return puts("small"); }\n',
  );
  const git = systemPath("git");
  if (git === undefined) return;
  const author = ["-c", "user.name=bench", "-c", "user.email=bench@example.com"];
  for (const args of [
    ["init", "-q"],
    ["add", "."],
    ["commit", "-qm", "all"],
  ]) {
    await promisify(execFile)(git, ["-C", repository, ...author, ...args]);
  }
}
