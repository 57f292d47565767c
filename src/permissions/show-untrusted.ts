/**
 * @module
 * The one way in which words that a program chose get onto a screen: they can neither act on the
 * terminal, nor hide, nor show in another order than they have.
 */

/** Longer text is not shown at all: it may be meant to hide what it asks. */
export const MAX_SHOWN_CHARS = 300;

/**
 * Controls, marks of direction, line separators, what is not assigned, private or half a character,
 * spaces of other widths, what most fonts draw as nothing, and letters that are written from right to
 * left, which move what stands beside them.
 */
const deceiving =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Variation_Selector}\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/gu;

/** More marks than a letter of any language has, or marks without a letter: they cover other lines. */
const floodingMarks = /(?<=\p{M}{2})\p{M}|(?<![\p{L}\p{M}])\p{M}/gu;

/** A space that is not alone between words could push the rest off the screen. */
const hidingSpaces = /^ | $|(?<= ) /g;

/** Text that is the same for different input would be no proof of what is asked. */
const ownForm = /\\(?=u\{)/g;

/** Writes all that deceives as `\u{202e}`. It does not shorten. */
export function showUntrusted(text: string): string {
  return text
    .replace(ownForm, escapeCharacter)
    .replace(deceiving, escapeCharacter)
    .replace(floodingMarks, escapeCharacter)
    .replace(hidingSpaces, escapeCharacter);
}

export function isShownAsItIs(text: string): boolean {
  return showUntrusted(text) === text;
}

/** A name or path among words of ours: in quotes where its own words could be taken for ours. */
export function showName(text: string): string {
  const shown = showUntrusted(text);
  return /^[\p{L}\p{M}\p{N}_@%+=:,./~#-]+$/u.test(shown)
    ? shown
    : `"${shown.replaceAll('"', '\\"')}"`;
}

function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
