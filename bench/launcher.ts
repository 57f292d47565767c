/**
 * @module
 * What a sandbox costs above a bare process, and beside bubblewrap.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findCgroupPlace, type CgroupPlace } from "../src/providers/linux/cgroups.ts";
import { locateLauncher } from "../src/launcher/locate-launcher.ts";
import type { Bench, BenchOptions, Row } from "./bench.ts";
import { bwrapArgs } from "./bwrap.ts";
import { cleanEnvironment, commandPath } from "./clean-environment.ts";
import { launcherMessages } from "./launcher-messages.ts";
import { createSpawnTimer, type Candidate, type Times } from "./spawn-timer.ts";
import { differences, median, percentile } from "./statistics.ts";

const TRUE = "/bin/true";
const MAX_ABOVE_BARE_MS = 3;
const BWRAP_TRY_TIMEOUT_MS = 5_000;

export const launcherBench: Bench = {
  name: "launcher",
  about: "sandboxed /bin/true against bare /bin/true and against bubblewrap",
  kind: "promise",
  run,
};

type Names = "bare" | "bwrap" | "cgroups" | "noCgroups";

async function run({ effort, folder, progress }: BenchOptions): Promise<readonly Row[]> {
  const rounds = effort === "full" ? 200 : 40;
  const launcher = await locateLauncher({ env: cleanEnvironment });
  const timer = await createSpawnTimer(folder, { env: cleanEnvironment, cwd: "/" });
  const place = findCgroupPlace();
  const planFor = (name: string, where: CgroupPlace): Candidate => {
    const messages = join(folder, name);
    writeFileSync(messages, launcherMessages([TRUE], where));
    return { kind: "plan", launcher, messages };
  };
  const bwrap = findBwrap();
  const noPlace: CgroupPlace = { kind: "none", reason: "", remedy: "" };
  const candidates = new Map<Names, Candidate>([["bare", { kind: "exec", argv: [TRUE] }]]);
  if (typeof bwrap === "object") candidates.set("bwrap", bwrap.candidate);
  candidates.set("noCgroups", planFor("no-cgroups", noPlace));
  if (place.kind !== "none") candidates.set("cgroups", planFor("cgroups", place));

  progress(`${rounds} rounds of ${candidates.size} programs`);
  const all = await timer.time(rounds, [...candidates.values()]);
  const times = new Map([...candidates.keys()].map((name, index) => [name, all[index]!]));
  const withoutBwrap = typeof bwrap === "string" ? bwrap : "";
  const bare = times.get("bare")!;
  return [
    { name: "bare /bin/true", value: median(bare.reaped), unit: "ms", how: "vfork, exec, wait" },
    ...rowsOf("with cgroups", times.get("cgroups"), times, skipCgroups(place), withoutBwrap),
    ...rowsOf("without cgroups", times.get("noCgroups"), times, "", withoutBwrap),
  ];
}

function skipCgroups(place: CgroupPlace): string {
  return place.kind === "none" ? place.reason : "";
}

/**
 * On cgroup v1 moving a process into a cgroup after an idle time costs 6 to 20 ms once, a grace
 * period of the kernel's RCU: starts back to back, as here, mostly don't meet it.
 *
 * @param skipped Why there are no `own` times.
 * @param withoutBwrap Why there are none of bwrap.
 */
function rowsOf(
  label: string,
  own: Times | undefined,
  times: ReadonlyMap<Names, Times>,
  skipped: string,
  withoutBwrap: string,
): readonly Row[] {
  if (own === undefined) return [{ name: `${label}, above bare`, skipped }];
  const bare = times.get("bare")!;
  const bwrap = times.get("bwrap");
  const count = own.reaped.length;
  const aboveBare: Row = {
    name: `${label}, above bare`,
    value: median(differences(own.reaped, bare.reaped)),
    unit: "ms",
    bound: { kind: "most", value: MAX_ABOVE_BARE_MS },
    how: `median of ${count} differences, start to reaped, back to back`,
  };
  const fastest: Row = {
    name: `${label}, fastest tenth above bare`,
    value: percentile(own.reaped, 10) - percentile(bare.reaped, 10),
    unit: "ms",
    how: "the same from the 10th percentiles: what a busy machine disturbs least",
  };
  const toExitLine: Row = {
    name: `${label}, start to exit line`,
    value: median(own.exitLine),
    unit: "ms",
    how: `median of ${count}: when the owner knows the end; the rest is unmounting`,
  };
  const name = `${label}, against bwrap`;
  if (bwrap === undefined) return [aboveBare, fastest, toExitLine, { name, skipped: withoutBwrap }];
  const ratio = median(own.reaped) / median(bwrap.reaped);
  const how = `${median(own.reaped).toFixed(2)} ms against ${median(bwrap.reaped).toFixed(2)} ms, medians of ${count}, start to reaped`;
  return [
    aboveBare,
    fastest,
    toExitLine,
    { name, value: ratio, unit: "times", bound: { kind: "less", value: 1 }, how },
  ];
}

/** The same root as ours, or why bubblewrap can't be compared with. */
function findBwrap(): { readonly candidate: Candidate } | string {
  const path = commandPath("bwrap");
  if (path === undefined) return "bwrap is missing: apt-get install bubblewrap";
  const args = [...bwrapArgs(), TRUE];
  try {
    execFileSync(path, args, { stdio: "pipe", timeout: BWRAP_TRY_TIMEOUT_MS });
  } catch (error) {
    return `bwrap fails on this host: ${(error as Error).message.trim().split("\n").at(-1) ?? ""}`;
  }
  return { candidate: { kind: "exec", argv: [path, ...args] } };
}
