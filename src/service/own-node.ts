/**
 * @module
 * Lends the Node that runs Glovebox to sandboxes of a host that has none where sandboxes see it:
 * Node is often installed below a home folder.
 */
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { dirname, join } from "node:path/posix";
import type { Language } from "../core/language.ts";
import type { Provider } from "../core/provider.ts";
import type { HostProgram } from "../core/sandbox.ts";

/** Folders of the host whose programs every sandbox sees. */
const systemFolders = ["/usr/local/bin", "/usr/bin", "/bin"] as const;
const insideFolder = "/opt/glovebox/bin";

/** The programs of this host that a language needs to be lent. */
export async function findLentPrograms(
  { programs }: Pick<Provider, "programs">,
  { fallbackToOwnNode }: Pick<Language, "fallbackToOwnNode">,
  ownNodePath: string,
): Promise<readonly HostProgram[]> {
  if (fallbackToOwnNode === undefined || programs === "image") return [];
  const { command } = fallbackToOwnNode;
  for (const folder of systemFolders) {
    if (await isExecutable(join(folder, command))) return [];
  }
  return [{ hostPath: ownNodePath, path: join(insideFolder, command) }];
}

/** Where the lent programs lie inside, each folder once. */
export function foldersOf(programs: readonly HostProgram[]): readonly string[] {
  return [...new Set(programs.map(({ path }) => dirname(path)))];
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
