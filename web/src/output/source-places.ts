/**
 * @module
 * Lines of the program that compilers and tracebacks name: `main.c:3:7`, `File "main.py", line 3`.
 */

export interface SourcePlace {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** From 1; absent where only the line was named. */
  readonly column?: number | undefined;
}

export interface TextPart {
  readonly text: string;
  readonly place?: SourcePlace | undefined;
}

/** More are not looked for in one piece. */
const MAX_PLACES = 1000;

/** @param paths Of the program's files. */
export function createPlaceFinder(paths: readonly string[]): (text: string) => readonly TextPart[] {
  const names = [...paths].sort((a, b) => b.length - a.length).map(escapeRegExp);
  // What is before a name must not be a part of it.
  const pattern = new RegExp(
    String.raw`(?<![\w/.-])(?:/workspace/|\./)?(${names.join("|")})` +
      String.raw`(?:"?, line |:line |\(|:)(\d{1,7})(?:[:,](\d{1,5}))?\)?`,
    "g",
  );
  return (text) => {
    const parts: TextPart[] = [];
    let at = 0;
    for (const match of text.matchAll(pattern)) {
      if (parts.length > MAX_PLACES) break;
      const [whole, path = "", line, column] = match;
      if (match.index > at) parts.push({ text: text.slice(at, match.index) });
      const place = { path, line: Number(line), ...(column && { column: Number(column) }) };
      parts.push({ text: whole, place });
      at = match.index + whole.length;
    }
    if (at < text.length) parts.push({ text: text.slice(at) });
    return parts;
  };
}

const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
