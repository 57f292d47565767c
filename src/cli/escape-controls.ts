/**
 * @module
 * Text of others inside our own messages.
 */

/** Writes control characters but line feeds as `\x1b`: they could redraw the terminal or fake a line. */
export function escapeControls(text: string): string {
  return text.replace(/(?!\n)\p{Cc}/gu, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
