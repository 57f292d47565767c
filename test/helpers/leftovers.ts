/**
 * @module
 * What tests leave behind on the host, read from the kernel and the file system themselves.
 */
import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface HostProcess {
  readonly pid: number;
  readonly parent: number;
  /** `Z` is a zombie. */
  readonly state: string;
  /** Words joined by spaces; the name in brackets where there are none. */
  readonly commandLine: string;
}

export interface LeftoverCheck {
  /** In the environment of all that a test starts; it is how a process is known whose parents are gone. */
  readonly env: Readonly<Record<string, string>>;
  /** Processes below this one, and all with `env`, but zombies of others and what was there before. */
  processes(): Promise<readonly HostProcess[]>;
  /**
   * What is new on this host since the check was made: processes, mounts, cgroups, temporary folders.
   * Waits up to 3 s for what is about to go; what comes and goes in that time is somebody else's.
   */
  find(): Promise<readonly string[]>;
}

const MAX_WAIT_MS = 3_000;
const POLL_MS = 50;

export async function createLeftoverCheck(): Promise<LeftoverCheck> {
  const env = { GLOVEBOX_TEST_MARK: randomUUID() };
  const mark = `GLOVEBOX_TEST_MARK=${env.GLOVEBOX_TEST_MARK}`;
  const pidsBefore = new Set((await ownProcesses(mark)).map(({ pid }) => pid));
  const before = new Set(await listThings());

  const processes = async (): Promise<readonly HostProcess[]> =>
    (await ownProcesses(mark)).filter(({ pid }) => !pidsBefore.has(pid));
  const listNew = async (): Promise<readonly string[]> => {
    const things = (await listThings()).filter((thing) => !before.has(thing));
    const alive = (await processes()).map(
      ({ pid, commandLine }) => `process ${pid} ${commandLine}`,
    );
    return [...alive, ...things];
  };
  return {
    env,
    processes,
    find: async () => {
      const deadline = performance.now() + MAX_WAIT_MS;
      let left = await listNew();
      while (left.length > 0 && performance.now() < deadline) {
        await sleep(POLL_MS);
        const now = new Set(await listNew());
        left = left.filter((thing) => now.has(thing));
      }
      return left;
    },
  };
}

async function ownProcesses(mark: string): Promise<readonly HostProcess[]> {
  const all = await listProcesses();
  const parents = new Map(all.map(({ pid, parent }) => [pid, parent]));
  const isBelowUs = (pid: number): boolean => {
    let ancestor = parents.get(pid);
    while (ancestor !== undefined && ancestor !== process.pid) ancestor = parents.get(ancestor);
    return ancestor === process.pid;
  };
  const own: HostProcess[] = [];
  for (const candidate of all) {
    const { pid, state } = candidate;
    if (pid === process.pid) continue;
    if (isBelowUs(pid) || (state !== "Z" && (await hasMark(pid, mark)))) own.push(candidate);
  }
  return own;
}

/** All processes that this PID namespace sees. */
export async function listProcesses(): Promise<readonly HostProcess[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(readProcess));
  return found.filter((candidate) => candidate !== undefined);
}

async function readProcess(pid: string): Promise<HostProcess | undefined> {
  const stat = await readStat(pid);
  const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  if (stat === undefined) return undefined;
  const commandLine = words.replaceAll("\0", " ").trim() || stat.name;
  return { pid: Number(pid), parent: stat.parent, state: stat.state, commandLine };
}

/** proc_pid_stat(5); undefined where there is no such process. */
async function readStat(
  pid: string,
): Promise<{ name: string; state: string; parent: number; startTicks: string } | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => undefined);
  if (stat === undefined) return undefined;
  // The name in brackets may hold spaces and brackets itself.
  const end = stat.lastIndexOf(")");
  const fields = stat.slice(end + 2).split(" ");
  const [state = "", parent = "0"] = fields;
  const name = stat.slice(stat.indexOf("("), end + 1);
  return { name, state, parent: Number(parent), startTicks: fields[19] ?? "" };
}

async function hasMark(pid: number, mark: string): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
  return environment.split("\0").includes(mark);
}

async function listThings(): Promise<readonly string[]> {
  const mounts = await listMounts();
  const cgroupRoots = mounts.filter(({ type }) => type === "cgroup" || type === "cgroup2");
  const cgroups = await Promise.all(cgroupRoots.map(({ path }) => listCgroups(path)));
  const temporary = await readdir(tmpdir());
  const named = [
    ...cgroups.flat().map((path) => `cgroup ${path}`),
    ...temporary.map((name) => `folder ${join(tmpdir(), name)}`),
  ];
  const ours: string[] = [];
  for (const thing of named) if (await isOurs(thing)) ours.push(thing);
  return [...mounts.map(({ path, type }) => `mount ${type} ${path}`), ...ours];
}

/**
 * Other software makes cgroups and folders too, and so do another Glovebox and another test file
 * (`glovebox-…-test-…`) that run now. Names end in `<pid>-<start>-<any>` of their owner: what belongs to a dead one was left behind.
 */
async function isOurs(path: string): Promise<boolean> {
  if (!path.includes("glovebox-") || path.includes("-test-")) return false;
  const [, pid, startTicks] = /(\d+)-(\d+)-[^-/]+$/.exec(path) ?? [];
  if (pid === undefined || Number(pid) === process.pid) return true;
  return (await readStat(pid))?.startTicks !== startTicks;
}

interface Mount {
  readonly path: string;
  readonly type: string;
}

/** proc_pid_mountinfo(5): field 5 is the mount point, the one after ` - ` the file system's type. */
async function listMounts(): Promise<readonly Mount[]> {
  const lines = (await readFile("/proc/self/mountinfo", "utf8")).trim().split("\n");
  return lines.map((line) => {
    const [left = "", right = ""] = line.split(" - ");
    return { path: left.split(" ")[4] ?? "", type: right.split(" ")[0] ?? "" };
  });
}

async function listCgroups(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const folders = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(root, name));
  const below = await Promise.all(folders.map(listCgroups));
  return [...folders, ...below.flat()];
}
