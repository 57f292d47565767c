/**
 * @module
 * Whether each command of a line is there, before any of it runs.
 */
import { forEachChild, type Command, type ParsedScript, type SyntaxNode, type Word } from "unbash";
import { bashWords } from "./bash-words.ts";
import { expandText, expandWords, isLiteral, type Expansion } from "./expand-word.ts";
import type { FindWord } from "./find-word.ts";
import { copyState, type ShellState } from "./state.ts";
import { handedOver } from "./understood.ts";
import { visit } from "./visit.ts";

export interface MissingWord {
  readonly word: string;
  /** There is such a thing, but not inside of a `bash`. */
  readonly isOnlyOutside: boolean;
}

interface Check {
  readonly find: FindWord;
  readonly expansion: Expansion;
  /** What the line will have set by then. */
  readonly state: ShellState;
  readonly missing: MissingWord[];
}

/** In the order of the line. What a word stands for that `$(…)` tells is found out when it runs. */
export async function missingWords(
  script: ParsedScript,
  { expansion, find, runner }: WordsPlace,
): Promise<readonly MissingWord[]> {
  const state = copyState(expansion.state);
  visit(script, (node) => {
    if (node.type === "Function") state.functions.set(node.name.value, "");
  });
  const missing: MissingWord[] = [];
  const unknown = (): never => {
    throw new UnknownYetError();
  };
  await check(script, runner, {
    ...{ find, state, missing },
    expansion: { ...expansion, state, substitute: async () => unknown() },
  });
  return missing;
}

export interface WordsPlace {
  readonly expansion: Omit<Expansion, "substitute">;
  readonly find: FindWord;
  /** Who runs what is not handed over anyway. */
  readonly runner: Runner;
}

class UnknownYetError extends Error {}

type Runner = "shell" | "bash";

async function check(node: SyntaxNode, runner: Runner, parts: Check): Promise<void> {
  const inside: Runner = handedOver(node) === undefined ? runner : "bash";
  if (inside === "bash" && runner === "shell") await checkBash(parts);
  if (node.type === "Command") await checkCommand(node, inside, parts);
  const children: SyntaxNode[] = [];
  forEachChild(node, (child) => void children.push(child));
  for (const child of children) await check(child, inside, parts);
}

async function checkBash({ find, state, missing }: Check): Promise<void> {
  if ((await find("bash", state)) !== undefined) return;
  missing.push({ word: "bash", isOnlyOutside: false });
}

async function checkCommand(command: Command, runner: Runner, parts: Check): Promise<void> {
  const { name } = command;
  if (name === undefined) {
    await assign(command, parts);
    return;
  }
  const word = await firstWord(name, runner, parts);
  if (word === undefined) return;
  const { find, state, missing } = parts;
  if (runner === "bash") {
    if (bashWords.has(word) || state.functions.has(word)) return;
    const found = await find(word, state);
    if (found?.kind === "program" || (found?.kind === "script" && word.includes("/"))) return;
    missing.push({ word, isOnlyOutside: found !== undefined });
  } else if ((await find(word, state)) === undefined) {
    missing.push({ word, isOnlyOutside: false });
  }
}

/** Undefined: only the run will tell, or it is nothing. */
async function firstWord(name: Word, runner: Runner, parts: Check): Promise<string | undefined> {
  if (isLiteral(name)) return (await expandWords([name], parts.expansion))[0] ?? "";
  if (runner === "bash") return undefined;
  try {
    return (await expandWords([name], parts.expansion))[0];
  } catch {
    return undefined;
  }
}

/** For words such as `$TOOL` further on in the line. */
async function assign({ prefix }: Command, { state, expansion }: Check): Promise<void> {
  for (const each of prefix) {
    if (each.type !== "Assignment" || each.value.type !== "Word") continue;
    try {
      state.variables.set(each.name, await expandText(each.value, expansion));
    } catch {
      state.variables.delete(each.name);
    }
  }
}
