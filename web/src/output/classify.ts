/**
 * @module
 * What a file that came back is, and so how it is shown.
 */
import { readPicture } from "./picture.ts";

export type ShownAs =
  | { readonly kind: "picture"; readonly type: string; readonly isHuge: boolean }
  /** SVG. */
  | { readonly kind: "drawing"; readonly text: string }
  /** A document, shown in a frame that can do nothing. */
  | { readonly kind: "page"; readonly text: string }
  | { readonly kind: "table"; readonly text: string; readonly isTabbed: boolean }
  | { readonly kind: "text"; readonly text: string }
  /** To be downloaded. */
  | { readonly kind: "bytes" };

/** A browser holds four bytes for each, however small the file is. */
const MAX_PIXELS = 50_000_000;

export function classify(path: string, bytes: Uint8Array): ShownAs {
  const picture = readPicture(bytes);
  if (picture !== undefined) {
    const { type, width = 0, height = 0 } = picture;
    return { kind: "picture", type, isHuge: width * height > MAX_PIXELS };
  }
  const text = decode(bytes);
  if (text === undefined) return { kind: "bytes" };
  const tag = firstTag(text);
  if (tag === "svg") return { kind: "drawing", text };
  const extension = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase();
  switch (extension) {
    case "html":
    case "htm":
    case "xhtml":
      return { kind: "page", text };
    case "csv":
      return { kind: "table", text, isTabbed: false };
    case "tsv":
    case "tab":
      return { kind: "table", text, isTabbed: true };
    default:
      return { kind: tag === "html" || tag === "!doctype html" ? "page" : "text", text };
  }
}

const HEAD_CHARS = 4096;

/** `svg`, `!doctype html`: the first tag behind declarations and comments, in small letters. */
function firstTag(text: string): string {
  let rest = text.slice(0, HEAD_CHARS).trimStart();
  for (;;) {
    const found = skipped.find(([begin]) => rest.startsWith(begin));
    if (found === undefined) break;
    const [begin, end] = found;
    const at = rest.indexOf(end, begin.length);
    if (at < 0) return "";
    rest = rest.slice(at + end.length).trimStart();
  }
  return /^<([^\s>]+(?:\s+html\b)?)/i.exec(rest)?.[1]?.toLowerCase().replace(/\s+/, " ") ?? "";
}

const skipped = [
  ["<!--", "-->"],
  ["<?xml", "?>"],
  ["<!DOCTYPE svg", ">"],
] as const;

/** Undefined where it is no text. */
function decode(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
