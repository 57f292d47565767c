/**
 * @module
 * What a script says of itself: PEP 723.
 */

/** PEP 723: the block and its name; each line is a comment. */
const block = /^# \/\/\/ script\r?\n((?:#(?:| .*)\r?\n)+?)# \/\/\/[ \t]*\r?$/m;

/** The TOML of a script's own metadata; undefined where it has none. */
export function inlineMetadata(code: string): string | undefined {
  const [, lines] = block.exec(code) ?? [];
  return lines
    ?.split("\n")
    .map((line) => line.replace(/^# ?/, ""))
    .join("\n");
}
