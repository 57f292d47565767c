/**
 * @module
 * From text to the grammar's tree, or to what is wrong with it.
 */
import { parse, type ParsedScript, type ParseError } from "unbash";
import { visit } from "./visit.ts";

export interface ParsedLine {
  /** Positions of the tree are places in it. */
  readonly source: string;
  readonly script: ParsedScript;
}

export type LineResult =
  | ({ readonly kind: "line" } & ParsedLine)
  /** What comes next may complete it: a quote, a here-document, or a loop is open. */
  | { readonly kind: "incomplete"; readonly message: string }
  | { readonly kind: "wrong"; readonly message: string };

/** More is no line that somebody wrote. */
const maxLineChars = 1024 * 1024;

export function parseLine(source: string): LineResult {
  if (source.length > maxLineChars) {
    return { kind: "wrong", message: `the line is longer than ${maxLineChars} characters` };
  }
  if (source.includes("\0"))
    return { kind: "wrong", message: "the line has a NUL character in it" };
  if (/(^|[^\\])(\\\\)*\\$/.test(source)) return { kind: "incomplete", message: "a line goes on" };
  const script = parse(source);
  const error = firstError(script);
  if (error !== undefined) {
    const isOpen =
      error.message.startsWith("unterminated") ||
      (error.pos >= source.trimEnd().length && error.message.startsWith("expected"));
    const message = `${error.message}, at character ${error.pos + 1}: \`${excerpt(source, error.pos)}\``;
    return { kind: isOpen ? "incomplete" : "wrong", message };
  }
  const open = openDocument(source, script);
  if (open !== undefined) {
    return { kind: "incomplete", message: `nothing but \`${open}\` ends the here-document` };
  }
  return { kind: "line", source, script };
}

/** Of the line, or of what `$(…)` in it runs. */
function firstError(script: ParsedScript): ParseError | undefined {
  let first = script.errors?.[0];
  if (first !== undefined) return first;
  visit(script, (node) => {
    if (node.type === "Script") first ??= node.errors?.[0];
  });
  return first;
}

function excerpt(source: string, position: number): string {
  const start = Math.max(0, Math.min(position, source.length - 1) - 10);
  return source.slice(start, start + 30).replaceAll(/\s+/g, " ");
}

/** The word that would end a here-document that is still open. */
function openDocument(source: string, script: ParsedScript): string | undefined {
  // A tree is not looked through for what most lines don't have.
  if (!source.includes("<<")) return undefined;
  let open: string | undefined;
  visit(script, (node) => {
    if (node.type === "HereDoc" && node.closing === undefined) {
      open ??= node.delimiter?.value ?? "";
    }
  });
  return open;
}
