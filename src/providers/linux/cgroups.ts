/**
 * @module
 * Where cgroups may be made on this host. Making them is the launcher's work.
 */
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Records } from "./message.ts";

export type CgroupPlace =
  | { readonly kind: "v2"; readonly parent: string }
  | {
      readonly kind: "v1";
      readonly memory: string;
      readonly pids: string;
      readonly cpuacct: string;
    }
  | { readonly kind: "none"; readonly reason: string; readonly remedy: string };

/** Where this process goes in a delegated v2 cgroup: one with children may hold no process itself. */
const SUPERVISOR_LEAF = "glovebox-supervisor";

const needsDelegation = {
  reason: "this user may not create cgroups here",
  remedy: "start it with `systemd-run --user --scope -p Delegate=yes glovebox …`, or as root",
} as const;

interface CgroupMount {
  readonly path: string;
  /** The part of the hierarchy that is mounted there. */
  readonly root: string;
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
}

/** Looks at the running system; tries what it answers. */
export function findCgroupPlace(): CgroupPlace {
  const mounts = parseMounts(readFileSync("/proc/self/mountinfo", "utf8"));
  const memberships = readFileSync("/proc/self/cgroup", "utf8");
  const v1 = findV1(mounts, memberships);
  if (v1 !== undefined) return canMakeAll(v1) ? v1 : { kind: "none", ...needsDelegation };
  const mount = mounts.find(({ version }) => version === 2);
  if (mount === undefined) {
    const remedy = "mount the cgroup file system";
    return { kind: "none", reason: "no cgroup file system is mounted", remedy };
  }
  return findV2(mount, memberships);
}

/** The launcher's records, and the folders that exist once it runs. */
export function cgroupRecords(
  place: CgroupPlace,
  name: string,
): { readonly records: Records; readonly paths: readonly string[] } {
  switch (place.kind) {
    case "none":
      return { records: [], paths: [] };
    case "v2": {
      const path = join(place.parent, name);
      return { records: [["cgroup-v2", path]], paths: [path] };
    }
    case "v1": {
      const memory = join(place.memory, name);
      const pids = join(place.pids, name);
      const cpuacct = join(place.cpuacct, name);
      const records: Records = [
        ["cgroup-v1-memory", memory],
        ["cgroup-v1-pids", pids],
        ["cgroup-v1-cpuacct", cpuacct],
      ];
      return { records, paths: [...new Set([memory, pids, cpuacct])] };
    }
  }
}

/** The folders in which sandboxes' cgroups lie. */
export function cgroupParents(place: CgroupPlace): readonly string[] {
  switch (place.kind) {
    case "none":
      return [];
    case "v2":
      return [place.parent];
    case "v1":
      return [...new Set([place.memory, place.pids, place.cpuacct])];
  }
}

/** Fields 4, 5 and 9 to 11 of proc_pid_mountinfo(5). */
export function parseMounts(mountinfo: string): readonly CgroupMount[] {
  return mountinfo.split("\n").flatMap((line): CgroupMount[] => {
    const [before, after] = line.split(" - ");
    const [, , , root, path] = before?.split(" ") ?? [];
    const [type, , options] = after?.split(" ") ?? [];
    if (root === undefined || path === undefined) return [];
    if (type === "cgroup2") return [{ path, root, version: 2, controllers: [] }];
    if (type !== "cgroup" || options === undefined) return [];
    return [{ path, root, version: 1, controllers: options.split(",") }];
  });
}

/** Lines of proc_pid_cgroup(5), `ID:CONTROLLERS:PATH`: the path for a controller, "" for v2. */
export function membershipOf(memberships: string, controller: string): string | undefined {
  for (const line of memberships.split("\n")) {
    const [, controllers, ...path] = line.split(":");
    if (controllers?.split(",").includes(controller) === true) return path.join(":");
  }
  return undefined;
}

/** This process's own folder in a mount; the mount's top where it lies outside what is mounted. */
function ownFolder(mount: CgroupMount, membership: string): string {
  const inside = membership.startsWith(mount.root) ? membership.slice(mount.root.length) : "";
  const folder = join(mount.path, inside);
  try {
    accessSync(folder);
    return folder;
  } catch {
    return mount.path;
  }
}

function findV1(mounts: readonly CgroupMount[], memberships: string) {
  const folderOf = (controller: string): string | undefined => {
    const mount = mounts.find(
      ({ version, controllers }) => version === 1 && controllers.includes(controller),
    );
    const membership = membershipOf(memberships, controller);
    if (mount === undefined || membership === undefined) return undefined;
    return ownFolder(mount, membership);
  };
  const memory = folderOf("memory");
  const pids = folderOf("pids");
  const cpuacct = folderOf("cpuacct");
  if (memory === undefined || pids === undefined || cpuacct === undefined) return undefined;
  return { kind: "v1", memory, pids, cpuacct } as const;
}

function canMakeAll(place: CgroupPlace): boolean {
  return cgroupParents(place).every((parent) => canMake(parent));
}

function canMake(parent: string): boolean {
  const path = join(parent, `glovebox-try-${process.pid}`);
  try {
    mkdirSync(path);
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}

function findV2(mount: CgroupMount, memberships: string): CgroupPlace {
  const own = ownFolder(mount, membershipOf(memberships, "") ?? "/");
  const delegated = own.endsWith(`/${SUPERVISOR_LEAF}`) ? dirname(own) : own;
  for (const parent of new Set([mount.path, delegated])) {
    if (hasControllers(parent, "cgroup.subtree_control") && canMake(parent)) {
      return { kind: "v2", parent };
    }
    if (enableControllers(parent) && canMake(parent)) return { kind: "v2", parent };
  }
  if (delegated !== own || !isWritable(own)) return { kind: "none", ...needsDelegation };
  return moveToLeaf(own);
}

function moveToLeaf(own: string): CgroupPlace {
  const leaf = join(own, SUPERVISOR_LEAF);
  try {
    mkdirSync(leaf, { recursive: true });
    writeFileSync(join(leaf, "cgroup.procs"), String(process.pid));
    if (enableControllers(own)) return { kind: "v2", parent: own };
    writeFileSync(join(own, "cgroup.procs"), String(process.pid));
    rmdirSync(leaf);
  } catch {
    // The answer is the same: no cgroups here. What was tried left at most an empty leaf.
  }
  return {
    kind: "none",
    reason: "other processes live in this process's cgroup, so it can't be divided",
    remedy: needsDelegation.remedy,
  };
}

function enableControllers(parent: string): boolean {
  if (!hasControllers(parent, "cgroup.controllers")) return false;
  try {
    writeFileSync(join(parent, "cgroup.subtree_control"), "+memory +pids");
    return true;
  } catch {
    return false;
  }
}

function hasControllers(folder: string, file: string): boolean {
  try {
    const controllers = readFileSync(join(folder, file), "utf8").trim().split(" ");
    return controllers.includes("memory") && controllers.includes("pids");
  } catch {
    return false;
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(join(folder, "cgroup.procs"), constants.W_OK);
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
