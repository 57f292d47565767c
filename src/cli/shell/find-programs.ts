/**
 * @module
 * Which programs a sandbox has, for a word that begins a command.
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isExecutable } from "../../util/is-executable.ts";

export interface Programs {
  readonly has: (name: string) => Promise<boolean>;
  /** All names, for completion; empty where they would have to be fetched. */
  readonly names: () => readonly string[];
}

/** Where every sandbox with this machine's programs looks. */
const folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/** What of this machine such a sandbox is shown. */
const shownFolders = /^\/(usr|bin|sbin|lib|lib64)\//;

export function hostPrograms(): Programs {
  const isProgram = (path: string): boolean =>
    isExecutable(path) && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  return {
    has: async (name) =>
      name.includes("/")
        ? shownFolders.test(name) && isProgram(name)
        : folders.some((folder) => isProgram(join(folder, name))),
    names: () => [...new Set(folders.flatMap(namesIn))].sort(),
  };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Lists the programs of the sandbox it runs in. */
const listing =
  'IFS=:; for folder in $PATH; do for file in "$folder"/*; do [ -x "$file" ] && printf "%s\\n" "$file"; done; done';

/**
 * Those of an image, which are asked for once.
 *
 * @param run Runs a command in such a sandbox. @returns What it wrote; undefined where it failed.
 */
export function imagePrograms(
  run: (argv: readonly string[]) => Promise<string | undefined>,
): Programs {
  let known: ReadonlySet<string> | undefined;
  let asked: Promise<ReadonlySet<string> | undefined> | undefined;
  const ask = async (): Promise<ReadonlySet<string> | undefined> => {
    const text = await run(["sh", "-c", listing]);
    if (text === undefined) return undefined;
    const paths = text.split("\n").filter((path) => path !== "");
    known = new Set(paths.flatMap((path) => [path, path.slice(path.lastIndexOf("/") + 1)]));
    return known;
  };
  return {
    has: async (name) => {
      // What could not be asked, where a daemon does not run say, may be later.
      asked ??= ask().catch((error: unknown) => {
        asked = undefined;
        throw error;
      });
      const programs = await asked;
      // An image without a shell can't be asked: its run will tell.
      return programs === undefined || programs.has(name);
    },
    names: () => [...(known ?? [])].filter((name) => !name.includes("/")).sort(),
  };
}
