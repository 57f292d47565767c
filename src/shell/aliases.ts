/**
 * @module
 * Aliases: another text in the place of a command's first word, before the line is understood.
 */
import type { Word } from "unbash";
import { invalidRequest } from "../core/errors.ts";
import { parseLine, type LineResult } from "./parse-line.ts";
import { visit } from "./visit.ts";

/** Aliases that lead to each other end somewhere. */
const maxRounds = 16;

/** @throws {GloveboxError} `INVALID_REQUEST` for aliases that lead in a circle. */
export function parseWithAliases(text: string, aliases: ReadonlyMap<string, string>): LineResult {
  let source = text;
  for (let round = 0; round < maxRounds; round += 1) {
    const parsed = parseLine(source);
    if (parsed.kind !== "line" || aliases.size === 0) return parsed;
    const names: Word[] = [];
    visit(parsed.script, (node) => {
      // Substitutions in backquotes are a text of their own.
      if (node.type !== "Command" || node.name === undefined) return;
      if (isAlias(node.name, source, aliases)) names.push(node.name);
    });
    if (names.length === 0) return parsed;
    source = replaceAll(source, names, aliases);
  }
  throw invalidRequest(
    "alias",
    "the aliases of this line lead in a circle. See them with `alias`.",
  );
}

/** A word in quotes, or with a backslash, is none. */
function isAlias(name: Word, source: string, aliases: ReadonlyMap<string, string>): boolean {
  return aliases.has(name.text) && source.slice(name.pos, name.end) === name.text;
}

function replaceAll(
  source: string,
  names: readonly Word[],
  aliases: ReadonlyMap<string, string>,
): string {
  let result = source;
  for (const { pos, end, text } of [...names].sort((a, b) => b.pos - a.pos)) {
    const value = aliases.get(text) ?? "";
    // An alias of a command's own name, `ls='ls -l'`, means the command.
    const own = value.startsWith(text) && !/^[A-Za-z0-9_./-]/.test(value.slice(text.length));
    result = result.slice(0, pos) + (own ? `\\${value}` : value) + result.slice(end);
  }
  return result;
}
