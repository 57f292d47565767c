/**
 * @module
 * `alias`, `unalias`, `export`, `unset` and `set`.
 */
import { invalidRequest } from "../../core/errors.ts";
import { quoteForBash } from "../as-bash.ts";
import type { Builtin } from "../shell.ts";
import { isName, shellOptions, valueOf, type ShellOption } from "../state.ts";
import { writeText } from "../streams.ts";

const alias: Builtin = {
  name: "alias",
  usage: "alias [NAME=TEXT…]",
  summary: "puts a text in the place of a command's name, or lists such names",
  run: async (args, { state: { aliases } }, { stdout }) => {
    const shown = args.length === 0 ? [...aliases.keys()].sort() : [];
    for (const arg of args) {
      const [, name = arg, text] = /^([^=]+)=(.*)$/s.exec(arg) ?? [];
      if (!/^[A-Za-z0-9_.,@!+-]+$/.test(name)) {
        throw invalidRequest("alias", `\`${name}\` can't be the name of one.`);
      }
      if (text !== undefined) aliases.set(name, text);
      else if (aliases.has(name)) shown.push(name);
      else throw invalidRequest("alias", `there is no \`${name}\`.`);
    }
    const lines = shown.map((name) => `alias ${name}=${quoteForBash(aliases.get(name) ?? "")}\n`);
    await writeText(stdout, lines.join(""));
    return 0;
  },
};

const unalias: Builtin = {
  name: "unalias",
  usage: "unalias NAME…",
  summary: "forgets them",
  run: async (args, { state: { aliases } }) => {
    for (const name of args) {
      if (!aliases.delete(name)) throw invalidRequest("unalias", `there is no \`${name}\`.`);
    }
    return 0;
  },
};

const exported: Builtin = {
  name: "export",
  usage: "export [NAME[=VALUE]…]",
  summary: "gives variables to programs, or lists those that they get",
  run: async (args, { state }, { stdout }) => {
    for (const arg of args) {
      const [, name = arg, value] = /^([^=]*)=(.*)$/s.exec(arg) ?? [];
      requireName("export", name);
      if (value !== undefined) state.variables.set(name, value);
      state.exported.add(name);
    }
    if (args.length > 0) return 0;
    const names = [...state.exported].sort();
    const lines = names.map(
      (name) => `export ${name}=${quoteForBash(valueOf(state, name) ?? "")}\n`,
    );
    await writeText(stdout, lines.join(""));
    return 0;
  },
};

const unset: Builtin = {
  name: "unset",
  usage: "unset NAME…",
  summary: "forgets variables and functions",
  run: async (args, { state }) => {
    for (const name of args) {
      requireName("unset", name);
      state.variables.delete(name);
      state.exported.delete(name);
      state.functions.delete(name);
    }
    return 0;
  },
};

function requireName(command: string, name: string): void {
  if (isName(name)) return;
  throw invalidRequest(command, `\`${name}\` is no name: letters, digits and \`_\`.`);
}

const letters: Readonly<Record<string, ShellOption>> = { e: "errexit", u: "nounset" };

const set: Builtin = {
  name: "set",
  usage: "set [-o|+o OPTION]",
  summary: `sets an option: ${shellOptions.join(", ")}; -e and -u are two of them`,
  words: ["-o", ...shellOptions],
  run: async (args, { state: { options } }, { stdout }) => {
    if (args.length === 0) {
      const lines = shellOptions.map((name) => `${name}\t${options.has(name) ? "on" : "off"}\n`);
      await writeText(stdout, lines.join(""));
    }
    for (let at = 0; at < args.length; at += 1) {
      const [, sign = "", flags = ""] = /^([-+])([euo]+)$/.exec(args[at] ?? "") ?? [];
      if (sign === "") throw unknown(args[at] ?? "");
      for (const flag of flags) {
        const name = flag === "o" ? args[(at += 1)] : letters[flag];
        const option = shellOptions.find((each) => each === name);
        if (option === undefined) throw unknown(name ?? "-o");
        if (sign === "-") options.add(option);
        else options.delete(option);
      }
    }
    return 0;
  },
};

const unknown = (word: string) =>
  invalidRequest("set", `\`${word}\` is unknown. Options: ${shellOptions.join(", ")}.`);

export const variableBuiltins: readonly Builtin[] = [alias, unalias, exported, unset, set];
