/**
 * @module
 * The names that a program's own code gives: of its main class, its module, its file.
 */
import { basename, extname } from "node:path/posix";
import type { LoadedLanguage } from "../core/language.ts";
import { parseFilePath } from "../core/file-path.ts";

/** Where a name must stand to be found; short, because a pattern over a stranger's text may take its square. */
const HEAD_CHARS = 16 * 1024;

/** What a name may be made of: it becomes part of command lines and paths. */
const harmless = /^[\p{L}\p{N}_$.']*$/u;

type NamedByCode = Pick<LoadedLanguage, "fromCode">;

/** Names and values, for `expandArgv`. */
export type CodeNames = Readonly<Record<string, string>>;

/**
 * @param entry Path of the main file.
 * @param code Its content; absent where nobody has it, as in a folder of the caller.
 */
export function namesFromCode(
  { fromCode }: NamedByCode,
  entry: string,
  code: Uint8Array | undefined,
): CodeNames {
  if (fromCode.length === 0) return {};
  const text = Buffer.from(code?.subarray(0, HEAD_CHARS) ?? []).toString("utf8");
  return Object.fromEntries(
    fromCode.map((rule) => {
      const found = findFirst(rule.patterns, text);
      const value =
        found === undefined
          ? fillPath(rule.otherwise, entry)
          : rule.value.replaceAll("$1", () => found);
      return [rule.name, rule.case === "lower" ? value.toLowerCase() : value];
    }),
  );
}

function findFirst(patterns: readonly string[], text: string): string | undefined {
  for (const pattern of patterns) {
    const found = new RegExp(pattern, "mu").exec(text)?.[1];
    if (found !== undefined && harmless.test(found)) return found;
  }
  return undefined;
}

/** Replaces `{entry}`, `{name}` and `{stem}`, see `languageSchema`. */
function fillPath(text: string, entry: string): string {
  const parts = pathParts(entry);
  return text.replace(
    /\{(entry|name|stem)\}/g,
    (_whole, key: "entry" | "name" | "stem") => parts[key],
  );
}

export function pathParts(entry: string): Readonly<Record<"entry" | "name" | "stem", string>> {
  const name = entry.slice(0, entry.length - extname(entry).length);
  return { entry, name, stem: basename(name) };
}

/** The path of code that came without a name: `main.py`, `Solution.java` where its class is that. */
export function mainFileOf(
  language: Pick<LoadedLanguage, "fromCode" | "mainFile" | "extensions">,
  code: Uint8Array,
): string {
  const usual = `main${language.extensions[0] ?? ""}`;
  const names = namesFromCode(language, usual, code);
  const path = language.mainFile.replace(
    /\{([a-z]+)\}/g,
    (whole, key: string) => names[key] ?? whole,
  );
  return parseFilePath(path).ok ? path : usual;
}
