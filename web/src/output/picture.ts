/**
 * @module
 * Pictures, known by their first bytes: a name says nothing about what a program wrote.
 */

export interface Picture {
  readonly type: "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/avif";
  /** As the file says; undefined where it does not at its begin. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
}

/** Undefined where it is none of a kind that browsers show. */
export function readPicture(bytes: Uint8Array): Picture | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < MIN_BYTES) return undefined;
  if (begins(bytes, 0, "\x89PNG\r\n\x1a\n")) {
    return { type: "image/png", width: view.getUint32(16), height: view.getUint32(20) };
  }
  if (begins(bytes, 0, "GIF87a") || begins(bytes, 0, "GIF89a")) {
    return { type: "image/gif", width: view.getUint16(6, true), height: view.getUint16(8, true) };
  }
  if (begins(bytes, 0, "\xff\xd8\xff")) return { type: "image/jpeg", ...jpegSize(view) };
  if (begins(bytes, 0, "RIFF") && begins(bytes, 8, "WEBP")) {
    return { type: "image/webp", ...webpSize(bytes, view) };
  }
  if (begins(bytes, 4, "ftypavif") || begins(bytes, 4, "ftypavis")) {
    return { type: "image/avif", ...avifSize(bytes, view) };
  }
  return undefined;
}

type Size = Pick<Picture, "width" | "height">;

/** All that is read of fixed places. */
const MIN_BYTES = 32;

/** The first frame header (ITU T.81, B.2.2) behind segments that have their length. */
function jpegSize(view: DataView): Size {
  let at = 2;
  while (at + 9 <= view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    // A byte that fills; else the length, with itself and without the marker.
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return {};
}

/** RFC 9649: lossy, lossless, or extended. */
function webpSize(bytes: Uint8Array, view: DataView): Size {
  if (begins(bytes, 12, "VP8 ")) {
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  if (begins(bytes, 12, "VP8L")) {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  const uint24 = (at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  return begins(bytes, 12, "VP8X") ? { width: uint24(24) + 1, height: uint24(27) + 1 } : {};
}

/** Where its boxes may lie; they are no more than some hundred bytes. */
const AVIF_HEAD_BYTES = 4096;

/** The largest of its `ispe` boxes (ISO/IEC 23008-12, 6.5.3). */
function avifSize(bytes: Uint8Array, view: DataView): Size {
  let size: { readonly width: number; readonly height: number } | undefined;
  const end = Math.min(bytes.length, AVIF_HEAD_BYTES) - 16;
  for (let at = 0; at <= end; at++) {
    if (!begins(bytes, at, "ispe")) continue;
    const [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
    if (size === undefined || width * height > size.width * size.height) size = { width, height };
  }
  return size ?? {};
}

function begins(bytes: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[at + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}
