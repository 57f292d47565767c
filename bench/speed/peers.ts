/**
 * @module
 * Others that isolate a program, where this machine has them: the same Python hello.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import type { BenchOptions, Row } from "../bench.ts";
import { bwrapArgs } from "../bwrap.ts";
import { cleanEnvironment, commandPath } from "../clean-environment.ts";
import { median } from "../statistics.ts";
import { openDockerPeers } from "./docker-peers.ts";
import { describeTimes, interleave, spreadOf, type Lane } from "./interleave.ts";
import { atMost, bareArgv, pythonHello, stdoutInAnswer } from "./programs.ts";
import { startRequests } from "./requests.ts";
import type { Subjects } from "./subjects.ts";

const TRY_TIMEOUT_MS = 30_000;
const SPAWNED = "child_process.spawn";

export interface Peer {
  readonly title: string;
  /** Runs the Python hello in it. */
  readonly argv: readonly [path: string, ...args: string[]];
  /** Whether its runs a second are measured, too. */
  readonly isThroughput: boolean;
  /** How long a run of ours may take at most, as a share of one of its own. */
  readonly mostOfIt?: number;
}

export interface Peers extends AsyncDisposable {
  readonly peers: readonly Peer[];
  /** Those that are not here, with the reason. */
  readonly missing: readonly Row[];
}

/** Starts each once: what does not work here is not measured. */
export async function openPeers(options: BenchOptions): Promise<Peers> {
  const peers: Peer[] = [];
  const missing: Row[] = [];
  for (const { title, install, argv } of localPeers()) {
    const name = `against ${title}`;
    if (argv === undefined) missing.push({ name, skipped: `not installed: ${install}` });
    else {
      const fault = await findFault(argv);
      if (fault === undefined) peers.push({ title, argv, isThroughput: title === "bwrap" });
      else missing.push({ name, skipped: `does not run here: ${fault}` });
    }
  }
  options.progress("looking for docker");
  const docker = await openDockerPeers(options);
  return {
    peers: [...peers, ...docker.peers],
    missing: [...missing, ...docker.missing],
    [Symbol.asyncDispose]: () => docker[Symbol.asyncDispose](),
  };
}

interface LocalPeer {
  readonly title: string;
  readonly install: string;
  readonly argv: Peer["argv"] | undefined;
}

function localPeers(): readonly LocalPeer[] {
  const [python = "", ...words] = bareArgv(pythonHello) ?? [];
  const inside = [python, ...words];
  const with_ = (name: string, args: readonly string[]): Peer["argv"] | undefined => {
    const path = commandPath(name);
    return path === undefined ? undefined : [path, ...args, ...inside];
  };
  return [
    { title: "bwrap", install: "apt-get install bubblewrap", argv: with_("bwrap", bwrapArgs()) },
    {
      title: "firejail",
      install: "apt-get install firejail",
      argv: with_("firejail", ["--quiet", "--noprofile", "--net=none", "--private", "--"]),
    },
    {
      title: "sandbox-runtime",
      install: "npm install --global @anthropic-ai/sandbox-runtime",
      argv: srtArgv(python),
    },
  ];
}

/** It takes one shell line. */
function srtArgv(python: string): Peer["argv"] | undefined {
  const srt = commandPath("srt");
  return srt === undefined ? undefined : [srt, `${python} -I -c '${pythonHello.code}'`];
}

async function findFault([program, ...args]: Peer["argv"]): Promise<string | undefined> {
  if (!existsSync(program)) return `no ${program}`;
  try {
    const options = { env: cleanEnvironment, timeout: TRY_TIMEOUT_MS, cwd: "/" };
    const { stdout } = await promisify(execFile)(program, args, options);
    return stdout === pythonHello.stdout ? undefined : `it wrote ${JSON.stringify(stdout)}`;
  } catch (error) {
    return (error as Error).message.trim().split("\n").at(-1);
  }
}

/** One at a time, on an idle machine. */
export async function measurePeers(
  { peers, missing }: Peers,
  { port, cpus }: Subjects,
  { effort, folder, progress }: BenchOptions,
): Promise<readonly Row[]> {
  const argv = bareArgv(pythonHello);
  if (argv === undefined) return missing;
  const { language, code, stdout } = pythonHello;
  progress(`against ${peers.map(({ title }) => title).join(", ")}`);
  const [rounds, maxMs] = effort === "full" ? [60, 90_000] : [8, 12_000];
  await using requests = await startRequests(
    folder,
    [
      { kind: "http", port, body: { language, code }, expect: stdoutInAnswer(stdout) },
      ...peers.map(({ argv }) => ({ kind: "exec", argv, expect: stdout }) as const),
    ],
    cpus,
  );
  const lanes: Record<string, Lane> = {
    glovebox: { run: () => requests.once(0), perRound: 2 },
    [SPAWNED]: { run: () => spawnFromNode(argv) },
  };
  for (const [index, { title }] of peers.entries())
    lanes[title] = { run: () => requests.once(index + 1) };
  const times = await interleave(lanes, { rounds, maxMs });
  const own = times["glovebox"]!;
  const rowOf = (title: string, wanted: number | undefined): Row => ({
    name: `Python: POST /v1/execute p50 against ${title}`,
    value: median(own) / median(times[title]!),
    unit: "times",
    ...(wanted === undefined ? {} : { bound: atMost(wanted) }),
    how: `${describeTimes(own)} against ${describeTimes(times[title]!)}, in turn`,
    point: {
      chart: "latency",
      group: pythonHello.title,
      series: title,
      spread: spreadOf(times[title]!),
    },
  });
  return [
    rowOf(SPAWNED, undefined),
    ...peers.map(({ title, mostOfIt }) => rowOf(title, mostOfIt)),
    ...missing,
  ];
}

/** As a program of Node would start it. */
async function spawnFromNode([program, ...args]: Peer["argv"]): Promise<number> {
  const started = performance.now();
  const child = spawn(program, args, {
    env: cleanEnvironment,
    stdio: ["ignore", "pipe", "inherit"],
    timeout: TRY_TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  const closed = once(child, "close");
  const output = await text(child.stdout);
  await closed;
  const took = performance.now() - started;
  if (output !== pythonHello.stdout) throw new Error(`${program} failed`);
  return took;
}
