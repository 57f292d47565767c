/**
 * @module
 * Tables that a program wrote, as RFC 4180 has them: read as far as they are shown.
 */

export interface TableBounds {
  readonly rows: number;
  readonly columns: number;
  readonly cellChars: number;
}

export interface Table {
  /** May be of different lengths. */
  readonly rows: readonly (readonly string[])[];
  readonly hasMoreRows: boolean;
  readonly hasMoreColumns: boolean;
}

/** Never fails: a quote that has no end reaches to the end of the text. */
export function parseTable(text: string, separator: string, bounds: TableBounds): Table {
  const rows: string[][] = [];
  let hasMoreColumns = false;
  let at = 0;
  while (at < text.length && rows.length < bounds.rows) {
    const row: string[] = [];
    for (;;) {
      const field = readField(text, at, separator);
      if (row.length < bounds.columns) row.push(shorten(field.value, bounds.cellChars));
      else hasMoreColumns = true;
      at = field.end + 1;
      if (text[field.end] !== separator) break;
    }
    if (text[at - 1] === "\r" && text[at] === "\n") at++;
    rows.push(row);
  }
  return { rows, hasMoreRows: at < text.length, hasMoreColumns };
}

interface Field {
  readonly value: string;
  /** Of what is behind it: a separator, the end of the line, or that of the text. */
  readonly end: number;
}

function readField(text: string, begin: number, separator: string): Field {
  let quoted = "";
  let at = begin;
  if (text[at] === '"') {
    for (at++; ; at++) {
      const quote = text.indexOf('"', at);
      if (quote < 0) return { value: quoted + text.slice(at), end: text.length };
      quoted += text.slice(at, quote);
      at = quote + 1;
      if (text[at] !== '"') break;
      quoted += '"';
    }
  }
  // What stands behind a closing quote is no CSV; it is shown rather than lost.
  let end = at;
  while (end < text.length && !isEnd(text[end], separator)) end++;
  return { value: quoted + text.slice(at, end), end };
}

const isEnd = (character: string | undefined, separator: string): boolean =>
  character === separator || character === "\n" || character === "\r";

const shorten = (value: string, max: number): string =>
  value.length <= max ? value : `${value.slice(0, max)}…`;

/** What parts the fields of its first line: a comma, or what many countries' programs write for it. */
export function guessSeparator(text: string): string {
  const line = text.slice(0, 10_000).split(/[\r\n]/, 1)[0] ?? "";
  const count = (separator: string): number => line.split(separator).length;
  const [first = ","] = [",", ";", "\t", "|"].sort((a, b) => count(b) - count(a));
  return first;
}
