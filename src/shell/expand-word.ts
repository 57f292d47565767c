/**
 * @module
 * What a word of a line stands for: quotes, variables, `~`, commands in it, patterns of names.
 */
import { parse, type Word, type WordPart } from "unbash";
import { invalidRequest } from "../core/errors.ts";
import { evaluate } from "./arithmetic.ts";
import { expandBraces } from "./braces.ts";
import { collectFields, type Fields } from "./fields.ts";
import { glob, type GlobPlace } from "./glob.ts";
import { parameterValue, simpleParameter, type ParameterValue } from "./parameter.ts";
import { hasPattern, quotePattern, unquotePattern } from "./pattern.ts";
import type { ShellState } from "./state.ts";

export interface Expansion {
  readonly state: ShellState;
  readonly home: string;
  readonly isVisible: GlobPlace["isVisible"];
  /** What a command in the line, `$(…)`, writes to its stdout. */
  readonly substitute: (source: string) => Promise<string>;
}

/** The words that words stand for. @throws {GloveboxError} `INVALID_REQUEST` */
export async function expandWords(
  words: readonly Word[],
  expansion: Expansion,
): Promise<readonly string[]> {
  const all: string[] = [];
  for (const word of words) {
    for (const each of withoutBraces(word)) {
      const fields = collectFields(separatorsOf(expansion.state));
      await addWord(each, fields, expansion);
      for (const pattern of fields.all()) all.push(...(await namesOf(pattern, expansion)));
    }
  }
  return all;
}

/** One word, as in an assignment: not split, and no names of files. */
export async function expandText(word: Word, expansion: Expansion): Promise<string> {
  return unquotePattern(await expandPattern(word, expansion));
}

/** The same with `\` before what is no pattern. */
async function expandPattern(word: Word, expansion: Expansion): Promise<string> {
  const fields = collectFields("");
  await addWord(word, fields, expansion);
  return fields.all().join(" ");
}

/** The parts of a here-document. */
export async function expandDocument(
  parts: readonly WordPart[],
  expansion: Expansion,
): Promise<string> {
  const fields = collectFields("");
  for (const part of parts) await addQuoted(part, fields, expansion);
  return fields.all().map(unquotePattern).join(" ");
}

/** Whether a word means what it says, whatever happens before it. */
export function isLiteral(word: Word): boolean {
  return !/^~/.test(word.text) && (word.parts ?? []).every(isLiteralPart);
}

function isLiteralPart(part: WordPart): boolean {
  switch (part.type) {
    case "Literal":
    case "SingleQuoted":
    case "AnsiCQuoted":
      return true;
    case "DoubleQuoted":
    case "LocaleString":
      return part.parts.every(isLiteralPart);
    default:
      return false;
  }
}

const separatorsOf = (state: ShellState): string => state.variables.get("IFS") ?? " \t\n";

function withoutBraces(word: Word): readonly Word[] {
  if (!(word.parts ?? []).some(({ type }) => type === "BraceExpansion")) return [word];
  return expandBraces(word.text).flatMap((text) => {
    // A name before it keeps `A={b,c}` a word.
    const command = parse(`: ${text}`).commands[0]?.command;
    return command?.type === "Command"
      ? command.suffix.filter((each): each is Word => each.type === "Word")
      : [];
  });
}

async function namesOf(
  pattern: string,
  { state, isVisible }: Expansion,
): Promise<readonly string[]> {
  if (!hasPattern(pattern)) return [unquotePattern(pattern)];
  const names = await glob(pattern, { folder: state.folder, isVisible });
  return names.length === 0 ? [unquotePattern(pattern)] : names;
}

async function addWord(word: Word, fields: Fields, expansion: Expansion): Promise<void> {
  const { parts = [literalOf(word)] } = word;
  for (const [index, part] of parts.entries()) {
    if (part.type === "Literal") {
      addLiteral(part.text, fields, index === 0 ? expansion : undefined, parts.length === 1);
    } else await addPart(part, fields, expansion);
  }
}

const literalOf = ({ text, pos, end }: Word): WordPart => ({
  ...{ type: "Literal", value: text, text, pos, end },
});

/** @param expansion Of what begins a word, where `~` is a home folder. */
function addLiteral(
  text: string,
  fields: Fields,
  expansion: Expansion | undefined,
  isWhole: boolean,
): void {
  const [tilde, name = ""] = /^~([^/\\]*)(?=\/|$)/.exec(text) ?? [];
  const isTilde = tilde !== undefined && name === "" && (isWhole || text !== "~");
  const home = isTilde && expansion !== undefined ? homeOf(expansion) : undefined;
  if (home !== undefined) fields.quoted(home);
  const rest = home === undefined ? text : text.slice(1);
  if (rest === "" && home !== undefined) return;
  fields.pattern(
    rest.replaceAll("\\\n", "").replaceAll(/\\(.)/gs, (_all, char: string) => quoteChar(char)),
  );
}

/** What is escaped in a line stays so in a pattern; a backslash before any other letter is gone. */
const quoteChar = (char: string): string => quotePattern(char);

const homeOf = ({ state, home }: Expansion): string => state.variables.get("HOME") ?? home;

async function addPart(part: WordPart, fields: Fields, expansion: Expansion): Promise<void> {
  switch (part.type) {
    case "SimpleExpansion":
    case "ParameterExpansion":
      return addValue(await valueOfPart(part, expansion), fields, expansion);
    case "CommandExpansion":
    case "ArithmeticExpansion":
      fields.split(await textOf(part, expansion));
      return;
    case "Glob":
      fields.pattern(part.text);
      return;
    case "BraceExpansion":
    case "Literal":
      fields.pattern(part.text);
      return;
    default:
      return addQuoted(part, fields, expansion);
  }
}

async function addValue(
  value: ParameterValue,
  fields: Fields,
  expansion: Expansion,
): Promise<void> {
  if (value.kind === "text") fields.split(value.text);
  else if (value.kind === "operand") await addOperand(value.word, fields, expansion);
  else {
    for (const [index, word] of value.words.entries()) {
      if (index > 0) fields.next();
      fields.split(word);
    }
  }
}

/** `${X:-a b}` without quotes: two words. */
async function addOperand(word: Word, fields: Fields, expansion: Expansion): Promise<void> {
  for (const part of word.parts ?? [literalOf(word)]) {
    if (part.type === "Literal" && !part.text.includes("\\")) fields.split(part.text);
    else await addWord({ ...word, parts: [part] }, fields, expansion);
  }
}

async function addQuoted(part: WordPart, fields: Fields, expansion: Expansion): Promise<void> {
  switch (part.type) {
    case "Literal":
    case "SingleQuoted":
    case "AnsiCQuoted":
      fields.quoted(part.value);
      return;
    case "DoubleQuoted":
    case "LocaleString":
      return addDoubleQuoted(part, fields, expansion);
    case "SimpleExpansion":
    case "ParameterExpansion": {
      const value = await valueOfPart(part, expansion);
      if (value.kind === "text") fields.quoted(value.text);
      else if (value.kind === "operand") fields.quoted(await expandText(value.word, expansion));
      else {
        for (const [index, word] of value.words.entries()) {
          if (index > 0) fields.next();
          fields.quoted(word);
        }
      }
      return;
    }
    case "CommandExpansion":
    case "ArithmeticExpansion":
      fields.quoted(await textOf(part, expansion));
      return;
    default:
      throw invalidRequest(`\`${part.text}\``, "is not understood here.");
  }
}

async function addDoubleQuoted(
  { parts }: Extract<WordPart, { type: "DoubleQuoted" | "LocaleString" }>,
  fields: Fields,
  expansion: Expansion,
): Promise<void> {
  // `""` is a word, and `"$@"` without arguments is none.
  if (!parts.some(isAllArguments)) fields.quoted("");
  for (const part of parts) await addQuoted(part, fields, expansion);
}

const isAllArguments = (part: WordPart): boolean =>
  (part.type === "SimpleExpansion" && part.text === "$@") ||
  (part.type === "ParameterExpansion" && part.parameter === "@" && part.prefix === undefined);

type ParameterPart = Extract<WordPart, { type: "SimpleExpansion" | "ParameterExpansion" }>;

async function valueOfPart(part: ParameterPart, expansion: Expansion): Promise<ParameterValue> {
  const { state } = expansion;
  if (part.type === "SimpleExpansion") return simpleParameter(state, part.text.slice(1));
  return parameterValue(state, part, {
    text: async (word) => expandText(word, expansion),
    pattern: async (word) => expandPattern(word, expansion),
  });
}

type ComputedPart = Extract<WordPart, { type: "CommandExpansion" | "ArithmeticExpansion" }>;

async function textOf(part: ComputedPart, { state, substitute }: Expansion): Promise<string> {
  if (part.type === "ArithmeticExpansion") return String(evaluate(part.expression, state));
  const source = part.script?.source ?? /^\$\((.*)\)$|^`(.*)`$/s.exec(part.text)?.slice(1).join("");
  if (source === undefined) throw invalidRequest(`\`${part.text}\``, "is not understood.");
  return (await substitute(source)).replace(/\n+$/, "");
}
