/**
 * @module
 * From the text that JSON can carry to the bytes that programs read.
 */
import type { Encoding } from "../service/report-json.ts";

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
