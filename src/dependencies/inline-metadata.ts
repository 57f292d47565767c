/**
 * @module
 * What a script says of itself: PEP 723.
 */

/**
 * The TOML of a script's own metadata; undefined where it has none. By lines and not by PEP 723's
 * regular expression, whose time for a hostile script is the square of its length.
 */
export function inlineMetadata(code: string): string | undefined {
  if (!code.includes("# /// script")) return undefined;
  const lines = code.split("\n");
  for (let at = 0; at < lines.length; at++) {
    if (!startForm.test(lines[at] ?? "")) continue;
    const comment: string[] = [];
    // What begins within it would end in it, too: each line is looked at once.
    for (; isComment(lines[at + 1] ?? ""); at++) comment.push(lines[at + 1] ?? "");
    const end = comment.findLastIndex((line) => endForm.test(line));
    if (end < 1) continue;
    const content = comment.slice(0, end).map((line) => line.replace(/^# ?/, ""));
    return `${content.join("\n")}\n`;
  }
  return undefined;
}

const startForm = /^# \/\/\/ script\r?$/;

/** The last one of the comment: a line of it may look like the end. */
const endForm = /^# \/\/\/[ \t]*\r?$/;

const isComment = (line: string): boolean => /^#(?: |\r?$)/.test(line);
