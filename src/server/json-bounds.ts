/**
 * @module
 * Bounds the structure of JSON before it is parsed. JSON.parse takes seconds and a gigabyte for
 * 16 MiB of brackets, and meanwhile nobody else is served.
 */

const MAX_DEPTH = 64;
/** Strings, brackets and commas. 10,000 files, the most that can be configured, have 150,000. */
const MAX_TOKENS = 200_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Why the text must not be parsed; undefined where it may, though it need not be JSON. */
export function findJsonFault(text: Buffer): string | undefined {
  let depth = 0;
  let tokens = 0;
  for (let index = 0; index < text.length; index++) {
    switch (text[index]) {
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        depth++;
        tokens++;
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth--;
        break;
      case COMMA:
        tokens++;
        break;
      case QUOTE:
        tokens++;
        index = endOfString(text, index);
        break;
      default:
        break;
    }
    if (depth < 0) return "closes more than it opens";
    if (depth > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH} levels`;
    if (tokens > MAX_TOKENS) return `has more than ${MAX_TOKENS} values and separators`;
  }
  return undefined;
}

/** Index of the quote that ends the string which begins at `start`, or the text's length. */
export function endOfString(text: Buffer, start: number): number {
  let end = start;
  do {
    end = text.indexOf(QUOTE, end + 1);
    if (end === -1) return text.length;
  } while (isEscaped(text, end));
  return end;
}

/** An odd number of backslashes in front of it. */
function isEscaped(text: Buffer, index: number): boolean {
  let first = index;
  while (text[first - 1] === BACKSLASH) first--;
  return (index - first) % 2 === 1;
}
