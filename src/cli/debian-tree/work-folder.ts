/**
 * @module
 * Where a tree is made: a folder whose name tells its owner, which goes with it, or with a later sweep.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync, statSync } from "node:fs";
import { chmod, lstat, mkdir, readdir, rm } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { promisify } from "node:util";
import { isProcessAlive, ownProcessTag } from "../../util/process-tag.ts";

const REMOVE_TIMEOUT_MS = 120_000;
const form = /^glovebox-tree-(\d+)-(\d+)-(\d+)-[0-9a-f]+$/;

/**
 * Makes a folder, and removes it when the work is done or has failed.
 *
 * @param isForOthers Users that this user may become in a user namespace must reach it.
 */
export async function withWorkFolder<T>(
  env: NodeJS.ProcessEnv,
  isForOthers: boolean,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const base = baseFolder(env, isForOthers);
  await sweep(base);
  const { pid, startTime } = ownProcessTag();
  const random = randomBytes(6).toString("hex");
  const folder = join(base, `glovebox-tree-${pidNamespace()}-${pid}-${startTime}-${random}`);
  await mkdir(folder, { mode: 0o711 });
  // Whatever the umask: apt as root becomes a user of its own, too.
  await chmod(folder, 0o711);
  try {
    return await work(folder);
  } finally {
    await removeFolder(folder);
  }
}

/** A whole system needs a disk; /tmp is often memory. */
function baseFolder(env: NodeJS.ProcessEnv, isForOthers: boolean): string {
  const { TMPDIR: own = "" } = env;
  const isUsable = isAbsolute(own) && (!isForOthers || isOpen(own));
  return isUsable ? own : "/var/tmp";
}

/** Whether others may pass through it and all above it. */
function isOpen(folder: string): boolean {
  const status = statSync(folder, { throwIfNoEntry: false });
  if (status === undefined || (status.mode & 0o001) === 0) return false;
  return folder === dirname(folder) || isOpen(dirname(folder));
}

/** What killed owners left. */
async function sweep(base: string): Promise<void> {
  for (const name of await readdir(base).catch(() => [])) {
    const [, namespace, pid, startTime] = form.exec(name) ?? [];
    // Of another pid namespace: nobody here knows whether its owner lives.
    if (namespace !== pidNamespace() || pid === undefined || startTime === undefined) continue;
    if (isProcessAlive({ pid: Number(pid), startTime })) continue;
    const path = join(base, name);
    const status = await lstat(path).catch(() => undefined);
    if (status?.uid !== process.geteuid?.()) continue;
    // One that can't be removed now is no reason not to work.
    await removeFolder(path).catch(() => undefined);
  }
}

/**
 * Follows no link.
 *
 * @throws {Error} Where something is mounted in it, which may be the host's own /dev or /proc.
 */
async function removeFolder(path: string): Promise<void> {
  if (mountPoints().some((point) => point === path || point.startsWith(`${path}/`))) {
    throw new Error(`\`${path}\` is not removed: something is mounted in it. Unmount that first.`);
  }
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EPERM") throw error;
    await removeOfOthers(path);
  }
}

/** Files of the users of a user namespace, and folders that their owner may not change. */
async function removeOfOthers(path: string): Promise<void> {
  const options = { timeout: REMOVE_TIMEOUT_MS };
  const run = promisify(execFile);
  await run("chmod", ["-R", "u+rwX", path], options).catch(() => undefined);
  const words = ["--unshare-helper", "rm", "-rf", "--", path];
  // It can empty the folder, which itself is this user's.
  await run("mmdebstrap", words, options).catch(() => undefined);
  await rm(path, { recursive: true, force: true });
}

/** proc_pid_mountinfo(5): the fifth field, with spaces and their like as `\\040`. */
function mountPoints(): readonly string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").trimEnd().split("\n");
  return lines.map((line) =>
    (line.split(" ")[4] ?? "").replace(/\\([0-7]{3})/g, (_escape, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    ),
  );
}

function pidNamespace(): string {
  return readlinkSync("/proc/self/ns/pid").replace(/\D/g, "");
}
