/**
 * @module
 * Colours of terminals (ECMA-48, 8.3.117 "SGR"), out of output that comes in pieces. All other control
 * sequences are left out: they would mean something to a terminal only.
 */

/** An index of the 256 colours of xterm, or 24 bits. */
export type Color = { readonly index: number } | { readonly rgb: string };

export interface Style {
  readonly color?: Color | undefined;
  readonly background?: Color | undefined;
  readonly bold?: boolean | undefined;
  readonly dim?: boolean | undefined;
  readonly italic?: boolean | undefined;
  readonly underline?: boolean | undefined;
  readonly inverse?: boolean | undefined;
}

export interface StyledText {
  readonly text: string;
  readonly style: Style;
}

const plain: Style = {};
/** A longer one is none. */
const MAX_SEQUENCE_CHARS = 256;

// CSI; strings (OSC, DCS, APC, PM, SOS) with their ends; other escapes; and what is cut off at the end.
const sequence =
  // eslint-disable-next-line no-control-regex -- these are the controls
  /\x1b\[([\x30-\x3f]*)[\x20-\x2f]*([\x40-\x7e])|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[\x20-\x2f]*[\x30-\x4f\x51-\x57\x59-\x5a\x5c\x60-\x7e]|\x1b[^]*$/g;

/** Reads one stream: a colour holds until another comes. */
export function createAnsiReader(): (text: string) => readonly StyledText[] {
  let style = plain;
  let held = "";
  return (piece) => {
    const text = held + piece;
    held = "";
    const parts: StyledText[] = [];
    let at = 0;
    const push = (end: number): void => {
      if (end > at) parts.push({ text: text.slice(at, end), style });
    };
    for (const match of text.matchAll(sequence)) {
      push(match.index);
      at = match.index + match[0].length;
      const [whole, numbers = "", final] = match;
      if (final === "m") style = applySgr(style, numbers);
      else if (at === text.length && isCut(whole)) held = whole;
    }
    push(text.length);
    return parts;
  };
}

/** Whether more of it may come. */
const isCut = (text: string): boolean =>
  text.length < MAX_SEQUENCE_CHARS &&
  // eslint-disable-next-line no-control-regex -- these are the controls
  /^\x1b(?:$|\[[\x20-\x3f]*$|[\]PX^_][^\x07]*$|[\x20-\x2f]*$)/.test(text) &&
  !text.endsWith("\x1b\\");

function applySgr(before: Style, numbers: string): Style {
  const codes = numbers.split(/[;:]/).map((text) => (text === "" ? 0 : Number(text)));
  let style = before;
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48) {
      const { color, used } = readColor(codes, at + 1);
      if (color !== undefined) {
        style = { ...style, [code === 38 ? "color" : "background"]: color };
      }
      at += used;
    } else style = applyCode(style, code);
  }
  return style;
}

function applyCode(style: Style, code: number): Style {
  if (code >= 30 && code <= 37) return { ...style, color: { index: code - 30 } };
  if (code >= 40 && code <= 47) return { ...style, background: { index: code - 40 } };
  if (code >= 90 && code <= 97) return { ...style, color: { index: code - 82 } };
  if (code >= 100 && code <= 107) return { ...style, background: { index: code - 92 } };
  return { ...(code === 0 ? plain : style), ...changes[code] };
}

const changes: Readonly<Record<number, Style>> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  22: { bold: undefined, dim: undefined },
  23: { italic: undefined },
  24: { underline: undefined },
  27: { inverse: undefined },
  39: { color: undefined },
  49: { background: undefined },
};

function readColor(
  codes: readonly number[],
  at: number,
): { readonly color?: Color; readonly used: number } {
  const kind = codes[at];
  if (kind === 5) {
    const index = codes[at + 1] ?? 0;
    return { ...(index >= 0 && index < 256 ? { color: { index } } : {}), used: 2 };
  }
  if (kind !== 2) return { used: 1 };
  const parts = codes.slice(at + 1, at + 4);
  const isGood = parts.length === 3 && parts.every((part) => part >= 0 && part < 256);
  return { ...(isGood ? { color: { rgb: `rgb(${parts.join(" ")})` } } : {}), used: 4 };
}

/** Of the 256: the first 16 are the theme's, see theme.css. */
export function cssOf(color: Color): string {
  if ("rgb" in color) return color.rgb;
  const { index } = color;
  if (index < 16) return `var(--ansi-${index})`;
  if (index >= 232) {
    const gray = 8 + 10 * (index - 232);
    return `rgb(${gray} ${gray} ${gray})`;
  }
  const cube = index - 16;
  const part = (value: number): number => (value === 0 ? 0 : 55 + 40 * value);
  return `rgb(${part(Math.floor(cube / 36))} ${part(Math.floor(cube / 6) % 6)} ${part(cube % 6)})`;
}

/**
 * Behind text. The theme's own are made to be read as text: on a tint of one, each of them still can be.
 */
export const groundOf = (color: Color): string =>
  "index" in color && color.index < 16
    ? `color-mix(in srgb, ${cssOf(color)} 20%, var(--pane))`
    : cssOf(color);
