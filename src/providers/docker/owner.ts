/**
 * @module
 * Labels that tell a later sweep whose a container is: this machine, this pid namespace, this process.
 */
import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { isProcessAlive, ownProcessTag } from "../../util/process-tag.ts";

/** On everything that Glovebox makes at a daemon. */
export const label = "glovebox";
export const ownerLabel = "glovebox.owner";

/** `MACHINE-PIDNAMESPACE-PID-STARTTIME` */
export function ownOwner(): string {
  const { pid, startTime } = ownProcessTag();
  return `${place()}-${pid}-${startTime}`;
}

/**
 * Whether the process that made it is surely gone. A daemon may serve several machines and pid
 * namespaces: of an owner elsewhere nothing is known, and it is left alone.
 */
export function isOrphan(owner: string | undefined): boolean {
  const [, where, pid, startTime] = /^([0-9a-f]+-\d+)-(\d+)-(\d+)$/.exec(owner ?? "") ?? [];
  if (where !== place() || pid === undefined || startTime === undefined) return false;
  return !isAlive(Number(pid), startTime);
}

function isAlive(pid: number, startTime: string): boolean {
  if (process.platform === "linux") return isProcessAlive({ pid, startTime });
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, as another user's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function place(): string {
  const machine = createHash("sha256").update(machineId()).digest("hex").slice(0, 12);
  return `${machine}-${pidNamespace()}`;
}

/** machine-id(5); a container may have none, but a host name of its own. */
function machineId(): string {
  try {
    return readFileSync("/etc/machine-id", "utf8").trim() + hostname();
  } catch {
    return hostname();
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid").replace(/\D/g, "");
  } catch {
    return "0";
  }
}
