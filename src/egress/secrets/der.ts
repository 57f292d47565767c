/**
 * @module
 * The few forms of DER (X.690) that a certificate has.
 */

/** A tag, a length, and what is between. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content]);
}

export const sequence = (...contents: readonly Uint8Array[]): Buffer => der(0x30, ...contents);
export const set = (...contents: readonly Uint8Array[]): Buffer => der(0x31, ...contents);
export const octets = (content: Uint8Array): Buffer => der(0x04, content);
export const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text));
export const yes = (): Buffer => der(0x01, Buffer.of(0xff));

/** `[number]`: of an optional part. */
export const explicit = (number: number, content: Uint8Array): Buffer =>
  der(0xa0 + number, content);

/** Whole bytes. */
export const bits = (content: Uint8Array): Buffer => der(0x03, Buffer.of(0), content);

/** Flags of a byte, the first of them its highest bit. */
export function flags(byte: number): Buffer {
  const unused = byte === 0 ? 0 : 31 - Math.clz32(byte & -byte);
  return der(0x03, Buffer.of(unused, byte));
}

/** @param bytes A positive number, its highest bit not set. */
export const integer = (bytes: Uint8Array): Buffer => der(0x02, bytes);

/** `1.2.840.10045.4.3.2` */
export function objectId(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** Until 2049, in whole seconds (RFC 5280, 4.1.2.5.1). */
export function utcTime(date: Date): Buffer {
  const digits = date.toISOString().replace(/\D/g, "");
  return der(0x17, Buffer.from(`${digits.slice(2, 14)}Z`));
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const hex = length.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return Buffer.concat([Buffer.of(0x80 + bytes.length), bytes]);
}

function base128(number: number): readonly number[] {
  const digits = [number & 0x7f];
  for (let rest = number >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}
