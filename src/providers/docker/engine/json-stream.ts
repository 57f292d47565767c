/**
 * @module
 * JSON objects one after the other, as pull and build report their progress: a line each, or with
 * nothing in between.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const WHITE_SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/**
 * Splits bytes into JSON objects. No more than one object is kept, and that only up to
 * `maxObjectBytes`. It looks at single bytes, because none of a multi-byte character looks like a
 * quote or a brace.
 *
 * @throws {Error} for what is no object, is longer, or ends in the middle.
 */
export async function* splitObjects(
  source: AsyncIterable<Buffer>,
  maxObjectBytes: number,
): AsyncGenerator<object> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  let depth = 0;
  let isInString = false;
  let isEscaped = false;
  for await (const chunk of source) {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (isEscaped) isEscaped = false;
      else if (isInString) {
        if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isInString = false;
      } else if (byte === OPEN_BRACE) {
        if (depth++ === 0) start = at;
      } else if (depth === 0) {
        if (!WHITE_SPACE.has(byte)) throw new Error("the stream is not made of JSON objects");
      } else if (byte === QUOTE) isInString = true;
      else if (byte === CLOSE_BRACE && --depth === 0) {
        yield parseObject([...begun, chunk.subarray(start, at + 1)], maxObjectBytes);
        begun = [];
        begunBytes = 0;
      }
    }
    if (depth === 0) continue;
    const rest = chunk.subarray(start);
    begunBytes += rest.length;
    if (begunBytes > maxObjectBytes) throw tooLong(maxObjectBytes);
    begun.push(rest);
  }
  if (depth > 0) throw new Error("the stream ended in the middle of a JSON object");
}

function parseObject(parts: readonly Buffer[], maxObjectBytes: number): object {
  const bytes = Buffer.concat(parts);
  if (bytes.length > maxObjectBytes) throw tooLong(maxObjectBytes);
  // It starts with a brace: what JSON.parse makes of it is an object.
  return JSON.parse(bytes.toString()) as object;
}

const tooLong = (maxBytes: number): Error =>
  new Error(`a JSON object in the stream is longer than ${maxBytes} bytes`);
