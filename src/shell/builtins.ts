/**
 * @module
 * The commands that the shell does itself.
 */
import type { Builtin } from "./shell.ts";
import { changeFolder, printFolder } from "./builtins/folders.ts";
import { jobBuiltins } from "./builtins/jobs.ts";
import { sessionBuiltins } from "./builtins/session.ts";
import { simpleBuiltins } from "./builtins/simple.ts";
import { variableBuiltins } from "./builtins/variables.ts";
import { writeText } from "./streams.ts";

export function createBuiltins(): ReadonlyMap<string, Builtin> {
  const list: readonly Builtin[] = [
    help,
    ...sessionBuiltins,
    changeFolder,
    printFolder,
    ...variableBuiltins,
    permissions,
    ...jobBuiltins,
    ...simpleBuiltins,
  ];
  return new Map(list.map((builtin) => [builtin.name, builtin]));
}

const help: Builtin = {
  name: "help",
  usage: "help",
  summary: "lists these commands",
  run: async (_args, { shell }, { stderr }) => {
    const builtins = [...shell.builtins.values()];
    const width = Math.max(...builtins.map(({ usage }) => usage.length));
    const lines = builtins.map(({ usage, summary }) => `    ${usage.padEnd(width)}  ${summary}`);
    const rest =
      "All else is looked for among aliases, packages, scripts and the sandbox's programs, and runs in a\n" +
      "sandbox of its own.";
    await writeText(stderr, `commands:\n${lines.join("\n")}\n${rest}\n`);
    return 0;
  },
};

const permissions: Builtin = {
  name: "permissions",
  usage: "permissions [list|revoke ID…]",
  summary: "what you answered for good about this folder",
  words: ["list", "revoke"],
  run: async (args, { shell }, streams) => shell.host.permissions(args, streams),
};
