/**
 * @module
 * Text of others inside our own messages.
 */

/**
 * Writes control characters but line feeds as `\x1b`, and those that turn the direction of writing or
 * end a line as `\u202e`: they could redraw the terminal, or show another text than there is. What comes
 * after a line feed is indented, so that it can't be taken for a line of ours.
 */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, (character) => {
    if (character === "\n") return "\n  ";
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, "0")}`;
  });
}
