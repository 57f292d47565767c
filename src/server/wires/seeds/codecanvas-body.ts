/**
 * @module
 * Reads a body as codecanvas does: any number of JSON objects one behind the other, of which the later
 * ones overwrite the fields of the earlier ones; names in any case.
 */
import { endOfString, findJsonFault } from "../../json-bounds.ts";

export interface RunRequest {
  /** Empty where it was not sent. */
  readonly source: string;
  readonly language: string;
}

/** Undefined where its decoder gives up. */
export function parseRunRequest(body: Buffer): RunRequest | undefined {
  if (findJsonFault(body) !== undefined) return undefined;
  const fields = { source: "", language: "" };
  for (const text of splitValues(body)) {
    const value = parseObject(text);
    if (value === undefined || !assignFields(fields, value)) return undefined;
  }
  return fields;
}

/** False where a value is neither text nor null, which changes nothing. */
function assignFields(
  fields: { source: string; language: string },
  value: Readonly<Record<string, unknown>>,
): boolean {
  for (const [key, content] of Object.entries(value)) {
    const name = key.toLowerCase();
    if ((name !== "source" && name !== "language") || content === null) continue;
    if (typeof content !== "string") return false;
    // Half a surrogate pair becomes a replacement character there.
    fields[name] = content.toWellFormed();
  }
  return true;
}

/** Undefined where the text is none. `null` is one without fields. */
function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || Array.isArray(value)) return undefined;
    return (value ?? {}) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

const QUOTE = 0x22;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Cuts behind each closing brace of the outermost level; what is no object is left for `parseObject`. */
function splitValues(body: Buffer): readonly string[] {
  const values: string[] = [];
  let start = 0;
  let depth = 0;
  for (let index = 0; index < body.length; index++) {
    const byte = body[index];
    if (byte === QUOTE) index = endOfString(body, index);
    if (byte === OPEN_OBJECT) depth++;
    if (byte !== CLOSE_OBJECT || --depth > 0) continue;
    values.push(body.toString("utf8", start, index + 1));
    start = index + 1;
  }
  const rest = body.toString("utf8", start);
  return rest.trim() === "" ? values : [...values, rest];
}
