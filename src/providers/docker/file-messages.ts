/**
 * @module
 * A program's files, as messages to the launcher. They can't go as a tar through the Engine API, which
 * doesn't see the tmpfs of a container.
 */
import { workspacePath, type SandboxFile } from "../../core/sandbox.ts";
import { encodeMessage } from "../../launcher/message.ts";

/** So that the launcher needs little memory of the program's own for the way of a large file. */
const PIECE_BYTES = 256 * 1024;

export function fileMessages(files: readonly SandboxFile[]): readonly Buffer[] {
  return files.flatMap(({ path, content, executable }) => {
    const head = [`${workspacePath}/${path}`, executable === true ? "0755" : "0644"] as const;
    const messages = [encodeMessage([["file", [...head, content.subarray(0, PIECE_BYTES)]]])];
    for (let at = PIECE_BYTES; at < content.length; at += PIECE_BYTES) {
      const piece = content.subarray(at, at + PIECE_BYTES);
      messages.push(encodeMessage([["file-more", [...head, piece]]]));
    }
    return messages;
  });
}
