/**
 * @module
 * A caller's value inside a message for people: short, on one line, and unable to deceive.
 */

const MAX_SHOWN_CHARS = 80;

/** What reorders or hides text in a terminal: DEL, C1, zero-width, line separators and bidi marks. */
const deceivingChars = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * Writes a value of a request or a file. Strings are quoted, shortened to 80 characters, and their
 * control characters escaped. Arrays and objects are only named: their depth is the caller's choice.
 */
export function showValue(value: unknown): string {
  if (typeof value === "string") return showString(value);
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean" || value === null) return String(value);
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Text without its quotes: for names of fields and for messages of other programs. */
export function showText(text: string): string {
  return showString(text)
    .slice(1)
    .replace(/"(\.\.\.)?$/, "$1");
}

function showString(text: string): string {
  const isLong = text.length > MAX_SHOWN_CHARS;
  const quoted = JSON.stringify(isLong ? text.slice(0, MAX_SHOWN_CHARS) : text);
  const safe = quoted.replace(deceivingChars, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return isLong ? `${safe}...` : safe;
}
