/**
 * @module
 * Pipes of the kernel. Node has no call that makes one: the launcher does, and they are opened from it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";

export interface PipeFds {
  readonly reader: number;
  readonly writer: number;
}

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

/** See native/launcher/pipes.c. */
const FIRST_FD = 3;
const TIMEOUT_MS = 5000;

/**
 * @returns Fds of this process; neither is inherited by others. The caller closes them.
 * @throws {Error} where the system has none left.
 */
export async function makePipes(launcherPath: string, count: number): Promise<readonly PipeFds[]> {
  const child = spawn(launcherPath, ["pipes", String(count)], {
    stdio: ["pipe", "pipe", "ignore"],
    timeout: TIMEOUT_MS,
  });
  const opened: number[] = [];
  const open = (fd: number, mode: number): number => {
    const own = openSync(`/proc/${child.pid ?? 0}/fd/${fd}`, mode | O_NONBLOCK);
    opened.push(own);
    return own;
  };
  try {
    const ended = once(child, "close").then(() => {
      throw new Error("the launcher made no pipes");
    });
    // Where it could not be started that is told by `error`, which `once` throws.
    await Promise.race([once(child.stdout, "data"), ended]);
    ended.catch(() => undefined);
    return Array.from({ length: count }, (_, index) => ({
      reader: open(FIRST_FD + 2 * index, O_RDONLY),
      writer: open(FIRST_FD + 2 * index + 1, O_WRONLY),
    }));
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw error;
  } finally {
    child.stdin.on("error", () => undefined).end();
  }
}
