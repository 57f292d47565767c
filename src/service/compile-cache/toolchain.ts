/**
 * @module
 * Which compilers a sandbox has, as a word that changes whenever they may make something else.
 */
import { createHash } from "node:crypto";
import { realpathSync, statSync } from "node:fs";
import { join } from "node:path/posix";
import type { Provider } from "../../core/provider.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import { systemFolders } from "../lent-programs.ts";

/**
 * Written by package managers with every change, and the folders that they leave to the operator: a
 * compiler is more than the program that is started, it has headers, libraries and further programs.
 */
const stamps = [
  "/var/lib/dpkg/status",
  "/var/lib/rpm/rpmdb.sqlite",
  "/usr/lib/sysimage/rpm/rpmdb.sqlite",
  "/var/lib/pacman/local",
  "/lib/apk/db/installed",
  "/usr/local/bin",
  "/usr/local/lib",
  "/usr/local/include",
];

/** @returns Undefined where nobody can say: then nothing may be kept. */
export async function toolchainOf(
  provider: Provider,
  { image, hostPrograms }: Pick<SandboxSpec, "image" | "hostPrograms">,
  programs: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  if (image !== undefined) return (await provider.images?.find(image, signal))?.id;
  if (provider.programs !== "host") return undefined;
  const paths = [...stamps, ...hostPrograms.map(({ hostPath }) => hostPath)];
  const marks = [...paths, ...programs.flatMap(findProgram)].map(markOf);
  return createHash("sha256").update(JSON.stringify(marks)).digest("hex");
}

/** These are asked for with each compile, and local: promises would cost ten times as much. */
function findProgram(name: string): readonly string[] {
  if (name.includes("/")) return [];
  return systemFolders.flatMap((folder) => {
    const path = join(folder, name);
    const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined;
    return isThere ? [realpathSync.native(path)] : [];
  });
}

function markOf(path: string): readonly unknown[] {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (status === undefined) return [path];
  return [path, String(status.ino), String(status.size), String(status.mtimeNs)];
}
