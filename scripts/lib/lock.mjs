/**
 * @module
 * One set-up at a time for one checkout.
 */
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { say, SetupError } from "./say.mjs";

const WAIT_SECONDS = 900;

/**
 * Runs `work` while holding the folder's lock. flock(1) locks the open file description that it
 * inherits as fd 3 and that this process goes on holding, so the kernel frees the lock when this
 * process ends, however it ends, and there is no lock file. Without flock(1) there is no lock.
 *
 * @param {(lockFd: number) => Promise<void>} work A child process that inherits `lockFd` keeps the
 *   lock too, if it outlives this process.
 */
export async function withLock(folder, work) {
  const fd = openSync(folder, "r");
  try {
    takeLock(fd);
    return await work(fd);
  } finally {
    closeSync(fd);
  }
}

function takeLock(fd) {
  const first = flock(["-n", "3"], fd);
  if (first.error || first.status === 0) return;
  say("another set-up of this folder is running, waiting for it");
  if (flock(["-w", String(WAIT_SECONDS), "3"], fd).status !== 0) {
    throw new SetupError(`another set-up did not end within ${WAIT_SECONDS} s. End it, try again.`);
  }
}

function flock(args, fd) {
  return spawnSync("flock", args, { stdio: ["ignore", "ignore", "ignore", fd] });
}
