/**
 * @module
 * The launcher's messages, see native/launcher/message.c: each is a u32 length and records; each
 * record a u32 length of its value, the key, NUL, the value, NUL. Fields of a value end in NUL.
 */

export type RecordValue = string | number | readonly (string | Uint8Array)[];

/** Keys may repeat, and their order counts. */
export type Records = readonly (readonly [key: string, value: RecordValue])[];

/** Numbers in the byte order of the host; both supported architectures are little-endian. */
export function encodeMessage(records: Records): Buffer {
  const parts: Buffer[] = [];
  for (const [key, value] of records) {
    const bytes = encodeValue(value);
    parts.push(lengthPrefix(bytes.length), Buffer.from(`${key}\0`), bytes, Buffer.from("\0"));
  }
  const body = Buffer.concat(parts);
  return Buffer.concat([lengthPrefix(body.length), body]);
}

function encodeValue(value: RecordValue): Buffer {
  if (typeof value === "number") return Buffer.from(String(value));
  if (typeof value === "string") return Buffer.from(value);
  const parts = value.flatMap((field, index) =>
    index === 0 ? [Buffer.from(field)] : [Buffer.from("\0"), Buffer.from(field)],
  );
  return Buffer.concat(parts);
}

function lengthPrefix(length: number): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32LE(length);
  return prefix;
}
