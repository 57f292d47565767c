/**
 * @module
 * One process at a time, among those of one user. A lock whose owner died is taken over.
 */
import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { isProcessAlive, ownProcessTag } from "../util/process-tag.ts";

const WAIT_MS = 5000;
const STEP_MS = 20;

export interface FileLock extends Disposable {
  /** Whether it is still ours; false where another process took it for a dead one's. */
  readonly isHeld: () => boolean;
}

/** @throws Where its owner does not let go within 5 seconds. */
export async function lockFile(path: string): Promise<FileLock> {
  const { pid, startTime } = ownProcessTag();
  const content = `${pid} ${startTime} ${randomUUID()}\n`;
  const deadline = performance.now() + WAIT_MS;
  while (!tryLock(path, content)) {
    const owner = readIfThere(path);
    if (owner !== undefined && isDead(owner)) breakLock(path, owner);
    else if (performance.now() > deadline) {
      throw new Error(
        `${path}: process ${owner?.split(" ")[0] ?? "unknown"} does not let go of it`,
      );
    } else await wait(STEP_MS);
  }
  const isHeld = (): boolean => readIfThere(path) === content;
  return {
    isHeld,
    [Symbol.dispose]: () => {
      if (isHeld()) rmSync(path, { force: true });
    },
  };
}

/** It is there with all its content or not at all: nobody sees a lock without an owner. */
function tryLock(path: string, content: string): boolean {
  const own = `${path}.${randomUUID()}`;
  writeFileSync(own, content, { mode: 0o600, flag: "wx" });
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Of several who break it, one gets the dead one's; who got a new owner's instead gives it back. */
function breakLock(path: string, dead: string): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  try {
    if (readIfThere(aside) !== dead) linkSync(aside, path);
  } catch {
    // A third one has it by now; the owner finds out by `isHeld`.
  } finally {
    rmSync(aside, { force: true });
  }
}

function isDead(content: string): boolean {
  const [, pid, startTime] = /^([0-9]{1,10}) ([0-9]+) /.exec(content) ?? [];
  if (pid === undefined || startTime === undefined) return true;
  return !isProcessAlive({ pid: Number(pid), startTime });
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
