/**
 * @module
 * What needs no sandbox, and would otherwise wait for one: `echo`, `true`, `false`, `:` and `type`.
 */
import type { Builtin } from "../shell.ts";
import type { Found } from "../find-word.ts";
import { writeText } from "../streams.ts";

const echo: Builtin = {
  name: "echo",
  usage: "echo [-n] [WORD…]",
  summary: "prints its words",
  run: async (args, _running, { stdout }) => {
    const isOpen = args[0] === "-n";
    const words = isOpen ? args.slice(1) : args;
    await writeText(stdout, words.join(" ") + (isOpen ? "" : "\n"));
    return 0;
  },
};

const type: Builtin = {
  name: "type",
  usage: "type WORD…",
  summary: "tells what a command's name means",
  run: async (args, { state, find }, { stdout }) => {
    let status = 0;
    for (const word of args) {
      const text = state.aliases.get(word);
      const found = text === undefined ? await find(word, state) : undefined;
      const meaning = text === undefined ? describe(found) : `an alias of \`${text}\``;
      if (text === undefined && found === undefined) status = 1;
      await writeText(stdout, `${word}: ${meaning}\n`);
    }
    return status;
  },
};

function describe(found: Found | undefined): string {
  switch (found?.kind) {
    case "builtin":
      return "a command of this shell";
    case "function":
      return "a function";
    case "package":
      return `a package: ${found.found.file}`;
    case "script":
      return `a script: ${found.file}`;
    case "program":
      return "a program of the sandbox";
    case undefined:
      return "not found";
  }
}

const ending = (name: string, summary: string, code: number): Builtin => ({
  ...{ name, usage: name, summary },
  run: async () => code,
});

export const simpleBuiltins: readonly Builtin[] = [
  echo,
  type,
  ending("true", "does nothing, well", 0),
  ending("false", "does nothing, and fails", 1),
  ending(":", "does nothing", 0),
];
