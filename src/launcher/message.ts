/**
 * @module
 * The launcher's messages, see native/launcher/message.c: each is a u32 length and records; each
 * record a u32 length of its value, the key, NUL, the value, NUL. Fields of a value end in NUL.
 */

export type RecordValue = string | number | readonly (string | Uint8Array)[];

/** Keys may repeat, and their order counts. */
export type Records = readonly (readonly [key: string, value: RecordValue])[];

const LENGTH_BYTES = 4;

/** Numbers in the byte order of the host; both supported architectures are little-endian. */
export function encodeMessage(records: Records): Buffer {
  return messageOf([encodeRecords(records)]);
}

/** A message of records that were encoded before. */
export function messageOf(parts: readonly Buffer[]): Buffer {
  const prefix = Buffer.allocUnsafe(LENGTH_BYTES);
  prefix.writeUInt32LE(parts.reduce((sum, part) => sum + part.length, 0));
  return Buffer.concat([prefix, ...parts]);
}

/** Records without the length of a message before them. */
export function encodeRecords(records: Records): Buffer {
  const total = records.reduce(
    (sum, [key, value]) => sum + LENGTH_BYTES + Buffer.byteLength(key) + 1 + valueBytes(value) + 1,
    0,
  );
  const bytes = Buffer.allocUnsafe(total);
  let at = 0;
  for (const [key, value] of records) {
    at = bytes.writeUInt32LE(valueBytes(value), at);
    at += bytes.write(key, at);
    at = bytes.writeUInt8(0, at);
    at = writeValue(bytes, value, at);
    at = bytes.writeUInt8(0, at);
  }
  return bytes;
}

function valueBytes(value: RecordValue): number {
  if (typeof value === "number") return String(value).length;
  if (typeof value === "string") return Buffer.byteLength(value);
  return value.reduce((sum, field) => sum + Buffer.byteLength(field), value.length - 1);
}

function writeValue(bytes: Buffer, value: RecordValue, start: number): number {
  if (typeof value === "number") return start + bytes.write(String(value), start);
  if (typeof value === "string") return start + bytes.write(value, start);
  let at = start;
  for (const [index, field] of value.entries()) {
    if (index > 0) at = bytes.writeUInt8(0, at);
    if (typeof field === "string") at += bytes.write(field, at);
    else {
      bytes.set(field, at);
      at += field.length;
    }
  }
  return at;
}
