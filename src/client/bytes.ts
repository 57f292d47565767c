/**
 * @module
 * Bytes in JSON, with what both Node and browsers have.
 */
import type { Encoding } from "./types.ts";

/** What `String.fromCharCode` takes at once, with room to spare. */
const STEP = 0x2000;

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += STEP) {
    text += String.fromCharCode(...bytes.subarray(at, at + STEP));
  }
  return btoa(text);
}

/** The bytes of a `data`, a `stdout` or a `content`, as the field beside it says how they are written. */
export function toBytes(text: string, encoding: Encoding): Uint8Array {
  if (encoding === "utf8") return new TextEncoder().encode(text);
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
