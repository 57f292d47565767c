/**
 * @module
 * Base64 as Ruby writes and reads it, which is what clients of Judge0 are used to.
 */

const LINE = /.{1,60}/g;

/** Lines of at most 60 characters, each with its end. */
export function encodeLines(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replace(LINE, "$&\n");
}

/** Never fails: what is no base64 is skipped. */
export function decodeLenient(text: string): Buffer {
  return Buffer.from(text, "base64");
}
