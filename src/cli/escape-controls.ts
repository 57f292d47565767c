/**
 * @module
 * Text of others inside our own messages.
 */

/** Writes control characters but line feeds as `\x1b`: they could redraw the terminal or fake a line. */
export function escapeControls(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
