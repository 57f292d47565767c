/**
 * @module
 * How large an SVG wants to be shown (SVG 2, 8.2 and 8.9), as its first tag says.
 */

export interface DrawingSize {
  /** Pixels of CSS, from 1 to `MAX_SIDE`. */
  readonly width: number;
  readonly height: number;
}

const HEAD_CHARS = 8192;
const MAX_SIDE = 10_000;
/** What browsers take where nothing is said (CSS 2.2, 10.3.2). */
const usual: DrawingSize = { width: 300, height: 150 };
/** CSS Values 4, 6.2. */
const pixelsOf: Readonly<Record<string, number>> = {
  "": 1,
  ...{ px: 1, pt: 4 / 3, pc: 16, in: 96, cm: 96 / 2.54, mm: 96 / 25.4 },
};

export function drawingSize(text: string): DrawingSize {
  const tag = /<svg\b[^>]*/i.exec(text.slice(0, HEAD_CHARS))?.[0] ?? "";
  const box = /\sviewBox\s*=\s*["']([^"']*)/
    .exec(tag)?.[1]
    ?.trim()
    .split(/[\s,]+/)
    .map(Number);
  const [boxWidth = NaN, boxHeight = NaN] = box?.slice(2) ?? [];
  const ratio = boxWidth > 0 && boxHeight > 0 ? boxWidth / boxHeight : undefined;
  const [width, height] = [lengthOf(tag, "width"), lengthOf(tag, "height")];
  if (width !== undefined && height !== undefined) return bounded(width, height);
  if (width !== undefined)
    return bounded(width, ratio === undefined ? usual.height : width / ratio);
  if (height !== undefined)
    return bounded(ratio === undefined ? usual.width : height * ratio, height);
  return ratio === undefined ? usual : bounded(boxWidth, boxHeight);
}

function lengthOf(tag: string, name: string): number | undefined {
  const [, number = "", unit = ""] =
    new RegExp(`\\s${name}\\s*=\\s*["']\\s*\\+?([\\d.]{1,20})([a-z]{0,2})\\s*["']`, "i").exec(
      tag,
    ) ?? [];
  const pixels = Number(number) * (pixelsOf[unit.toLowerCase()] ?? NaN);
  return pixels > 0 ? pixels : undefined;
}

/** Both are made smaller, not one alone. */
function bounded(width: number, height: number): DrawingSize {
  const scale = Math.min(1, MAX_SIDE / Math.max(width, height));
  return { width: Math.max(1, width * scale), height: Math.max(1, height * scale) };
}
