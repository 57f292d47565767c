/**
 * @module
 * `cd` and `pwd`.
 */
import { realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { invalidRequest } from "../../core/errors.ts";
import type { Builtin } from "../shell.ts";
import { valueOf } from "../state.ts";
import { writeText } from "../streams.ts";

export const changeFolder: Builtin = {
  name: "cd",
  usage: "cd [FOLDER]",
  summary: "goes to a folder, which is the workspace from then on; - is the one before",
  run: async (args, { state, shell, isCopy }, { stdout }) => {
    const [word = valueOf(state, "HOME") ?? shell.host.home, ...more] = args;
    if (more.length > 0) throw invalidRequest("cd", "takes one folder.");
    const wanted = word === "-" ? (state.variables.get("OLDPWD") ?? state.folder) : word;
    const folder = realFolder(resolve(state.folder, wanted), word);
    const { isFree, workspaceOf } = shell.host.reach;
    const workspace = isFree ? "" : workspaceOf(state.folder);
    if (!isFree && !`${folder}/`.startsWith(`${workspace}/`)) {
      throw invalidRequest(
        "cd",
        `\`${word}\` leads out of the workspace \`${workspace}\`, where a script stays.`,
      );
    }
    state.variables.set("OLDPWD", state.folder);
    state.folder = folder;
    // In a pipeline it is the copy's folder.
    if (!isCopy) process.chdir(folder);
    if (word === "-") await writeText(stdout, `${folder}\n`);
    return 0;
  },
};

export const printFolder: Builtin = {
  name: "pwd",
  usage: "pwd",
  summary: "prints the current folder",
  run: async (_args, { state }, { stdout }) => {
    await writeText(stdout, `${state.folder}\n`);
    return 0;
  },
};

function realFolder(path: string, word: string): string {
  try {
    const real = realpathSync(path);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw invalidRequest("cd", `\`${word}\` can't be opened (${code ?? String(error)}).`);
  }
  throw invalidRequest("cd", `\`${word}\` is not a folder.`);
}
