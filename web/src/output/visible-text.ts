/**
 * @module
 * Text of a program, so that whoever reads it sees what is there.
 */

/** Turns the direction of what stands around it, or is not seen: shown as what it is. */
const deceiving = /[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;
/** Mean something to terminals only. Tabs and ends of lines stay. */
// eslint-disable-next-line no-control-regex -- these are the controls
const controls = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g;

/** Without controls; what turns the direction of text is written as its number. */
export const visibleText = (text: string): string =>
  text.replace(controls, "").replace(deceiving, toMark);

const toMark = (character: string): string =>
  `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
