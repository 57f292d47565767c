/**
 * @module
 * bubblewrap, set up as our sandboxes are.
 */
import { lstatSync, readlinkSync } from "node:fs";

/** Namespaces of its own, and nothing but the system's programs; a command goes behind them. */
export function bwrapArgs(): readonly string[] {
  const links = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"].flatMap((link) => {
    const status = lstatSync(link, { throwIfNoEntry: false });
    if (status === undefined) return [];
    if (status.isSymbolicLink()) return ["--symlink", readlinkSync(link), link];
    return ["--ro-bind", link, link];
  });
  const mounts = ["--ro-bind", "/usr", "/usr", ...links, "--proc", "/proc", "--dev", "/dev"];
  return ["--unshare-all", ...mounts, "--tmpfs", "/tmp"];
}
