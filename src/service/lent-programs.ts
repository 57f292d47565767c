/**
 * @module
 * What of the host sandboxes are lent besides its system folders: settings that a runtime can't do
 * without, and the Node that runs Glovebox, which is often installed below a home folder.
 */
import { accessSync, constants } from "node:fs";
import { realpath } from "node:fs/promises";
import { dirname, join } from "node:path/posix";
import type { Language } from "../core/language.ts";
import type { Provider } from "../core/provider.ts";
import type { HostProgram } from "../core/sandbox.ts";

/** Folders of the host whose programs every sandbox sees. */
const systemFolders = ["/usr/local/bin", "/usr/bin", "/bin"] as const;
const insideFolder = "/opt/glovebox/bin";

/** What of this host a language needs to be lent besides its system folders. */
export async function findLentPrograms(
  programs: Provider["programs"],
  { fallbackToOwnNode, hostPaths }: Pick<Language, "fallbackToOwnNode" | "hostPaths">,
  ownNodePath: string,
): Promise<readonly HostProgram[]> {
  if (programs === "image") return [];
  const paths = await Promise.all(hostPaths.map(lendPath));
  const lent = paths.filter((path) => path !== undefined);
  if (fallbackToOwnNode === undefined || isOnHost(fallbackToOwnNode.command)) return lent;
  return [...lent, { hostPath: ownNodePath, path: join(insideFolder, fallbackToOwnNode.command) }];
}

/** Undefined where it is not there: its version may not need it. */
async function lendPath(path: string): Promise<HostProgram | undefined> {
  const hostPath = await realpath(path).catch(() => undefined);
  return hostPath === undefined ? undefined : { hostPath, path };
}

/** Whether every sandbox on this host sees a program of this name. Of each run, so without a promise. */
export function isOnHost(command: string): boolean {
  return systemFolders.some((folder) => isExecutable(join(folder, command)));
}

/** Where the lent programs lie inside, each folder once; settings are no programs. */
export function foldersOf(programs: readonly HostProgram[]): readonly string[] {
  const folders = programs.map(({ path }) => dirname(path));
  return [...new Set(folders.filter((folder) => folder === insideFolder))];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
