/**
 * @module
 * Between the text that JSON can carry and the bytes that programs read and write.
 */
import { isUtf8 } from "node:buffer";
import type { Encoding } from "./schemas.ts";

export type DecodeResult =
  { readonly ok: true; readonly bytes: Buffer } | { readonly ok: false; readonly reason: string };

/**
 * Decodes strictly: base64 of RFC 4648, section 4, with padding and nothing else. Node's own decoder
 * skips what it does not know, and a truncated upload would run as another program.
 */
export function decodeText(text: string, encoding: Encoding): DecodeResult {
  if (encoding === "utf8") {
    if (!text.isWellFormed()) {
      return { ok: false, reason: "has half a surrogate pair, which no UTF-8 can carry" };
    }
    return { ok: true, bytes: Buffer.from(text) };
  }
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") === text) return { ok: true, bytes };
  return { ok: false, reason: "is not base64 (RFC 4648, with padding, without line breaks)" };
}

/** Bytes as text where they are UTF-8, else as base64. */
export function encodeBytes(bytes: Buffer): { readonly text: string; readonly encoding: Encoding } {
  return isUtf8(bytes)
    ? { text: bytes.toString("utf8"), encoding: "utf8" }
    : { text: bytes.toString("base64"), encoding: "base64" };
}
