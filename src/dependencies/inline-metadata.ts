/**
 * @module
 * What a script says of itself: PEP 723.
 */

/** Each line of the block is a comment. */
const isComment = (line: string): boolean => line === "#" || line.startsWith("# ");
const isEnd = (line: string): boolean => /^# \/\/\/[ \t]*$/.test(line);

/**
 * The TOML of a script's own metadata; undefined where it has none. Each line is looked at once: it is
 * anybody's file.
 */
export function inlineMetadata(code: string): string | undefined {
  const lines = code.split(/\r?\n/);
  let start: number | undefined;
  for (const [index, line] of lines.entries()) {
    if (start === undefined) {
      if (line === "# /// script") start = index + 1;
    } else if (index > start && isEnd(line)) {
      const block = lines.slice(start, index).map((each) => `${each.replace(/^# ?/, "")}\n`);
      return block.join("");
    } else if (!isComment(line)) start = undefined;
  }
  return undefined;
}
