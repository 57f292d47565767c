/**
 * @module
 * Programs that want nothing that is asked about, in a sandbox that asks and in one that doesn't. They
 * are timed inside, so that the sandbox's own start is not in it; that is a row of its own.
 */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { BenchOptions, Row } from "../bench.ts";
import { createSpawnTimer, type Candidate, type SpawnTimer } from "../spawn-timer.ts";
import { atMost, systemPath } from "../speed/programs.ts";
import { differences, median } from "../statistics.ts";
import type { Place, Runs } from "./runs.ts";

/** What two measurements of the very same differ by, on a busy machine. */
const MAX_RATIO = 1.05;
const FILES = 400;

const imports =
  "argparse asyncio collections csv ctypes datetime decimal email fractions hashlib http.client json " +
  "logging pathlib random re sqlite3 ssl subprocess unittest urllib.request xml.etree.ElementTree zipfile";

/** `silentAgain` is a third sandbox, like the first: it tells what the noise is. */
type Lane = "silent" | "asking" | "silentAgain";
const placeOf: Readonly<Record<Lane, Place>> = {
  silent: "silent",
  asking: "asking",
  silentAgain: "silent",
};
/** No lane is always first, nor always after the same one. */
const orders: readonly (readonly Lane[])[] = [
  ["silent", "asking", "silentAgain"],
  ["asking", "silentAgain", "silent"],
  ["silentAgain", "silent", "asking"],
];

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
  const { effort, progress } = options;
  const [blocks, rounds] = effort === "full" ? [9, 10] : [3, 5];
  const found = programs.filter(({ argv: [command] }) => systemPath(command) !== undefined);
  const missing = programs.filter((program) => !found.includes(program));
  await makeFiles(runs);
  const candidates = found.map(candidateOf);
  const timers = {
    silent: await timerIn("silent", runs),
    asking: await timerIn("asking", runs),
  } as const;
  const times: Record<Lane, number[][]> = { silent: [], asking: [], silentAgain: [] };
  for (let block = 0; block < blocks; block++) {
    progress(`programs that want nothing, ${block + 1} of ${blocks}`);
    for (const lane of orders[block % orders.length]!) {
      const place = placeOf[lane] === "asking" ? "asking" : "silent";
      const measured = await timers[place].time(rounds, candidates);
      for (const [index, { reaped }] of measured.entries()) {
        (times[lane][index] ??= []).push(...reaped);
      }
    }
  }
  return [
    ...found.map(({ name }, index) => rowOf(name, (lane) => times[lane][index]!)),
    ...missing.map(({ name, argv }) => ({ name, skipped: `${argv[0]} is not installed` })),
    await startRow(runs, options),
  ];
}

function candidateOf({ argv: [command, ...args] }: Program): Candidate {
  return { kind: "exec", argv: [systemPath(command)!, ...args] };
}

function rowOf(name: string, timesOf: (lane: Lane) => readonly number[]): Row {
  const silent = median(timesOf("silent"));
  const asking = median(timesOf("asking"));
  const noise = median(timesOf("silentAgain")) / silent;
  const how = `${asking.toFixed(2)} ms against ${silent.toFixed(2)} ms, medians of ${timesOf("asking").length}`;
  return {
    name: `${name}: where it asks, against where it doesn't`,
    value: asking / silent,
    unit: "times",
    bound: atMost(MAX_RATIO),
    how: `${how}; two that don't ask differ by ${noise.toFixed(2)}`,
  };
}

/** The timer runs in the sandbox. */
function timerIn(place: Place, runs: Runs): Promise<SpawnTimer> {
  const { workspace, env, words } = runs;
  const start = (program: string) => words(place, [`./${basename(program)}`]);
  return createSpawnTimer(workspace, { env, cwd: workspace, start });
}

/** Asking needs more before the program's first step: a launcher, a network and a file system of its own. */
async function startRow(runs: Runs, { effort, folder, progress }: BenchOptions): Promise<Row> {
  const rounds = effort === "full" ? 40 : 10;
  progress(`${rounds} starts`);
  const timer = await createSpawnTimer(folder, { env: runs.env, cwd: runs.workspace });
  const candidates = (["silent", "asking"] as const).map((place): Candidate => ({
    kind: "exec",
    argv: absolute(runs.words(place, ["true"])),
  }));
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
