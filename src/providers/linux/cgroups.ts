/**
 * @module
 * Where cgroups may be made on this host. Making them is the launcher's work.
 */
import { execFileSync } from "node:child_process";
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import type { Records } from "../../launcher/message.ts";

export type CgroupPlace =
  | { readonly kind: "v2"; readonly parent: string }
  | {
      readonly kind: "v1";
      readonly memory: string;
      readonly pids: string;
      readonly cpuacct: string;
    }
  | { readonly kind: "none"; readonly reason: string; readonly remedy: string };

/** Where the processes of a delegated v2 cgroup go: one that is divided may hold none itself. */
const SUPERVISOR_LEAF = "glovebox-supervisor";

/** A process that starts in the cgroup meanwhile is moved by the next attempt. */
const DIVIDE_ATTEMPTS = 5;

const SYSTEMCTL_TIMEOUT_MS = 2_000;

export interface CgroupMount {
  readonly path: string;
  /** The part of the hierarchy that is mounted there. */
  readonly root: string;
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
  readonly isReadOnly: boolean;
}

/** Looks at the running system; tries what it answers. */
export function findCgroupPlace(): CgroupPlace {
  const mounts = parseMounts(readFileSync("/proc/self/mountinfo", "utf8"));
  const memberships = readFileSync("/proc/self/cgroup", "utf8");
  const v1 = findV1(mounts, memberships);
  if (v1 !== undefined) return canMakeAll(v1) ? v1 : none(mounts, 1);
  const mount = mounts.find(({ version }) => version === 2);
  const parent = mount && findV2Parent(mount, membershipOf(memberships, "") ?? "/");
  return parent === undefined ? none(mounts, 2) : { kind: "v2", parent };
}

function none(mounts: readonly CgroupMount[], version: 1 | 2): CgroupPlace {
  if (mounts.length === 0) {
    const remedy = "mount the cgroup file system";
    return { kind: "none", reason: "no cgroup file system is mounted", remedy };
  }
  if (mounts.some((mount) => mount.version === version && mount.isReadOnly)) {
    const remedy = "in a container, start that with `--privileged`";
    return { kind: "none", reason: "the cgroup file system is read-only here", remedy };
  }
  const delegate = "start it with `systemd-run --user --scope -p Delegate=yes glovebox …`";
  // systemd lets ordinary users have only v2 controllers: systemd.resource-control(5), Delegate=.
  const boot = "boot with cgroup v2 (kernel parameter `systemd.unified_cgroup_hierarchy=1`)";
  return {
    kind: "none",
    reason: "this process may not create cgroups here",
    remedy: `${version === 2 ? delegate : boot}, or start it as root`,
  };
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

/** Fields 4 to 6 and 9 to 11 of proc_pid_mountinfo(5). */
export function parseMounts(mountinfo: string): readonly CgroupMount[] {
  return mountinfo.split("\n").flatMap((line): CgroupMount[] => {
    const [before, after] = line.split(" - ");
    const [, , , root, path, flags] = before?.split(" ") ?? [];
    const [type, , options] = after?.split(" ") ?? [];
    if (root === undefined || path === undefined) return [];
    const isReadOnly = flags?.split(",").includes("ro") === true;
    if (type === "cgroup2") return [{ path, root, version: 2, controllers: [], isReadOnly }];
    if (type !== "cgroup" || options === undefined) return [];
    return [{ path, root, version: 1, controllers: options.split(","), isReadOnly }];
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

/** The folder of a membership in a mount; the mount's top where it lies outside what is mounted. */
export function folderOf({ path, root }: CgroupMount, membership: string): string {
  const parts = [...membership.split("/"), ...relative(root, membership).split("/")];
  // A cgroup namespace shows what lies outside of it with `..`.
  return parts.includes("..") ? path : join(path, relative(root, membership));
}

function ownFolder(mount: CgroupMount, membership: string): string {
  const folder = folderOf(mount, membership);
  try {
    accessSync(folder);
    return folder;
  } catch {
    return mount.path;
  }
}

function findV1(mounts: readonly CgroupMount[], memberships: string) {
  const folderFor = (controller: string): string | undefined => {
    const mount = mounts.find(
      ({ version, controllers }) => version === 1 && controllers.includes(controller),
    );
    const membership = membershipOf(memberships, controller);
    if (mount === undefined || membership === undefined) return undefined;
    return ownFolder(mount, membership);
  };
  const memory = folderFor("memory");
  const pids = folderFor("pids");
  const cpuacct = folderFor("cpuacct");
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

/**
 * The cgroup in which sandboxes get theirs. First what systemd gave us: then its limits for our unit
 * hold for the sandboxes too. Then the top, which is root's or a container's. Never a unit that was
 * not given to us: at its next reload systemd takes the controllers, and so the limits, away from
 * the sandboxes that run there.
 */
function findV2Parent(mount: CgroupMount, membership: string): string | undefined {
  const own = ownFolder(mount, membership);
  const group = basename(own) === SUPERVISOR_LEAF ? dirname(own) : own;
  const unit = unitOf(membership);
  if (unit !== undefined && isWritable(group) && isDelegated(unit) && divide(group)) return group;
  if (enableControllers(mount.path) && canMake(mount.path)) return mount.path;
  if (unit === undefined && isWritable(group) && divide(group)) return group;
  return undefined;
}

export interface SystemdUnit {
  readonly name: string;
  /** Which systemd it belongs to: the machine's or the user's own. */
  readonly manager: "system" | "user";
}

/** The systemd service or scope that a v2 cgroup is, or is part of. */
export function unitOf(membership: string): SystemdUnit | undefined {
  const parts = membership.split("/");
  const at = parts.findLastIndex((part) => /\.(service|scope)$/.test(part));
  const name = parts[at];
  if (name === undefined) return undefined;
  const isUsers = parts.slice(0, at).some((part) => /^user@\d+\.service$/.test(part));
  return { name, manager: isUsers ? "user" : "system" };
}

/** The cgroup itself says so only in an extended attribute, which Node can't read. */
function isDelegated({ name, manager }: SystemdUnit): boolean {
  // A login: never delegated, and not worth the time of a question.
  if (/^session-.*\.scope$/.test(name)) return false;
  try {
    const argv = [`--${manager}`, "show", "--property=Delegate", "--value", "--", name];
    const answer = execFileSync("systemctl", argv, {
      encoding: "utf8",
      timeout: SYSTEMCTL_TIMEOUT_MS,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return answer.trim() === "yes";
  } catch {
    return false;
  }
}

/** Makes a cgroup ready for others in it. What lives in it (`npm`, a shell) moves with us to a leaf. */
function divide(group: string): boolean {
  if (enableControllers(group)) return canMake(group);
  if (!hasControllers(group)) return false;
  const leaf = join(group, SUPERVISOR_LEAF);
  try {
    mkdirSync(leaf, { recursive: true });
    for (let attempt = 0; attempt < DIVIDE_ATTEMPTS; attempt++) {
      moveProcesses(group, leaf);
      if (enableControllers(group)) return canMake(group);
    }
    moveProcesses(leaf, group);
    rmdirSync(leaf);
  } catch {
    // The answer is the same: no cgroups here. What was tried left at most a leaf.
  }
  return false;
}

function moveProcesses(from: string, to: string): void {
  const pids = readFileSync(join(from, "cgroup.procs"), "utf8").split("\n");
  for (const pid of pids) {
    // 0 is a process that this pid namespace doesn't see; written, it would mean ourselves.
    if (pid === "" || pid === "0") continue;
    try {
      writeFileSync(join(to, "cgroup.procs"), pid);
    } catch {
      // It has ended, or may not be moved: then the controllers can't be enabled.
    }
  }
}

function enableControllers(parent: string): boolean {
  if (!hasControllers(parent)) return false;
  try {
    writeFileSync(join(parent, "cgroup.subtree_control"), "+memory +pids");
    return true;
  } catch {
    return false;
  }
}

function hasControllers(folder: string): boolean {
  try {
    const controllers = readFileSync(join(folder, "cgroup.controllers"), "utf8").trim().split(" ");
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
