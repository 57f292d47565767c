/**
 * @module
 * What of the host sandboxes are lent besides its system folders: settings that a runtime can't do
 * without, what npm brought of a language, and the Node that runs Glovebox, which is often installed
 * below a home folder.
 */
import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path/posix";
import type { LoadedLanguage } from "../core/language.ts";
import type { Provider } from "../core/provider.ts";
import type { HostProgram } from "../core/sandbox.ts";
import { findNpmFolder, npmProgram } from "./npm-folder.ts";
import { isExecutable } from "../util/is-executable.ts";

/** Folders of the host whose programs every sandbox sees. */
export const systemFolders = ["/usr/local/bin", "/usr/bin", "/bin"] as const;
const insideFolder = "/opt/glovebox/bin";
/** The whole folder of a language that npm brought. */
const insideNpmFolder = "/opt/glovebox/npm";

type LentTo = Pick<
  LoadedLanguage,
  "id" | "install" | "version" | "fallbackToOwnNode" | "hostPaths"
>;

/** What of this host a language needs to be lent besides its system folders. */
export async function findLentPrograms(
  programs: Provider["programs"],
  language: LentTo,
  ownNodePath: string,
): Promise<readonly HostProgram[]> {
  if (programs !== "host") return [];
  const { fallbackToOwnNode, hostPaths } = language;
  const wanted = [
    ...hostPaths.map((path) => lendPath(path, path)),
    ...npmFolders(language).map((folder) => lendPath(folder, insideNpmFolder)),
  ];
  const lent = (await Promise.all(wanted)).filter((path) => path !== undefined);
  if (fallbackToOwnNode === undefined || isOnHost(fallbackToOwnNode.command)) return lent;
  return [...lent, { hostPath: ownNodePath, path: join(insideFolder, fallbackToOwnNode.command) }];
}

/** Undefined where it is not there: its version may not need it. */
async function lendPath(outside: string, path: string): Promise<HostProgram | undefined> {
  const hostPath = await realpath(outside).catch(() => undefined);
  return hostPath === undefined ? undefined : { hostPath, path };
}

/** None where the system has the program: that comes first. */
function npmFolders(language: LentTo): readonly string[] {
  const folder = findNpmFolder(language);
  return folder === undefined || isOnHost(programOf(language)) ? [] : [folder];
}

/** Whether a sandbox of this language, with the programs of this host, has one of this name. */
export function hasOnHost(language: Omit<LentTo, "version">, program: string): boolean {
  if (language.fallbackToOwnNode?.command === program || isOnHost(program)) return true;
  const folder = findNpmFolder(language);
  return folder !== undefined && npmProgram(folder, program) !== undefined;
}

/** Whether a program of this name is among the lent ones. */
export function lends(lent: readonly HostProgram[], program: string): boolean {
  return lent.some(({ path, hostPath }) =>
    path === insideNpmFolder
      ? npmProgram(hostPath, program) !== undefined
      : basename(path) === program,
  );
}

/** Whether every sandbox on this host sees a program of this name. Of each run, so without a promise. */
export function isOnHost(command: string): boolean {
  return systemFolders.some((folder) => isExecutable(join(folder, command)));
}

/** Where the lent programs lie inside, each folder once; settings are no programs. */
export function foldersOf(programs: readonly HostProgram[]): readonly string[] {
  const folders = programs.flatMap(({ path }) => {
    if (path === insideNpmFolder) return [join(path, "bin")];
    return dirname(path) === insideFolder ? [insideFolder] : [];
  });
  return [...new Set(folders)];
}

const programOf = ({ version: { argv } }: LentTo): string => argv[0] ?? "";
