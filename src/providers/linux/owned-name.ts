/**
 * @module
 * Names of what a killed process may leave behind, which tell a later sweep whose it is.
 */
import { randomBytes } from "node:crypto";
import { readlinkSync } from "node:fs";
import { isProcessAlive, ownProcessTag, type ProcessTag } from "../../util/process-tag.ts";

const NAME = /^glovebox-(\d+)-(\d+)-(\d+)-[0-9a-f]+$/;

/** `glovebox-PIDNAMESPACE-PID-STARTTIME-RANDOM` */
export function ownedName(): string {
  return ownedNames()();
}

/** Makes such names; who this process is, is looked up once. */
export function ownedNames(): () => string {
  let prefix: string | undefined;
  const ownPrefix = (): string => {
    const { pid, startTime } = ownProcessTag();
    return `glovebox-${pidNamespace()}-${pid}-${startTime}-`;
  };
  return () => (prefix ??= ownPrefix()) + randomBytes(6).toString("hex");
}

/** Whether it is ours and its owner is dead. */
export function isOrphan(name: string): boolean {
  const owner = ownerOf(name);
  return owner !== undefined && !isProcessAlive(owner);
}

/** Undefined for what is none of ours, or belongs to a Glovebox of another pid namespace. */
function ownerOf(name: string): ProcessTag | undefined {
  const [, namespace, pid, startTime] = NAME.exec(name) ?? [];
  if (namespace !== pidNamespace() || pid === undefined || startTime === undefined)
    return undefined;
  return { pid: Number(pid), startTime };
}

/** Containers may share a cgroup tree or a folder: a pid of another namespace says nothing here. */
function pidNamespace(): string {
  return readlinkSync("/proc/self/ns/pid").replace(/\D/g, "");
}
