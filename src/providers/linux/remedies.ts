/**
 * @module
 * What the operator can do when the launcher says that this host does not let it build a sandbox.
 */
import { readFileSync } from "node:fs";

/** Reads one number below /proc/sys; undefined where this kernel has no such setting. */
export type ReadSetting = (name: string) => string | undefined;

export const readHostSetting: ReadSetting = (name) => {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll(".", "/")}`, "utf8").trim();
  } catch {
    return undefined;
  }
};

/** proc_pid_uid_map: user_namespaces(7); empty where it can't be read. */
const readOwnUidMap = (): string => {
  try {
    return readFileSync("/proc/self/uid_map", "utf8");
  } catch {
    return "";
  }
};

/** Whether this process is in the user namespace that the machine began with, which maps every id. */
const isFirstNamespace = (uidMap: string): boolean => /^\s*0\s+0\s+4294967295\s*$/.test(uidMap);

/** Host settings that forbid unprivileged user namespaces; the first that is set explains it. */
const forbiddingSettings: readonly (readonly [name: string, bad: string, good: string])[] = [
  ["kernel.unprivileged_userns_clone", "0", "1"], // Debian's patch, off since Debian 11
  ["kernel.apparmor_restrict_unprivileged_userns", "1", "0"], // Ubuntu since 23.10
  ["user.max_user_namespaces", "0", "15000"],
];

/**
 * @param failure The launcher's error text.
 * @returns What to do, a command where there is one; empty where nothing is known.
 */
export function remedyFor(
  failure: string,
  readSetting: ReadSetting,
  uidMap: string = readOwnUidMap(),
): string {
  if (/ENOENT|EACCES|cannot start/.test(failure)) return "build it: `npm run build`";
  // A number of each user namespace: in another one only whoever made it may set that.
  if (readSetting("user.max_user_namespaces") === "0" && !isFirstNamespace(uidMap)) {
    return "start it outside of the sandbox that it is in, which lets nobody make another one, as Glovebox's own do";
  }
  for (const [name, bad, good] of forbiddingSettings) {
    if (readSetting(name) === bad) return `as root: \`sysctl -w ${name}=${good}\``;
  }
  if (failure.includes("chroot") || failure.startsWith("namespaces:")) {
    return "the kernel or a container engine forbids namespaces here: not in a chroot; in a container, start that with `--security-opt seccomp=unconfined --security-opt systempaths=unconfined` or `--privileged`";
  }
  if (failure.startsWith("mount /proc")) {
    return "the host's own /proc is partly hidden, as in a container: start that with `--security-opt systempaths=unconfined`";
  }
  return "";
}
