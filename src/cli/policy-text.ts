/**
 * @module
 * The text of a policy file that was named on the command line.
 */
import { invalidRequest } from "../core/errors.ts";
import { readBoundedFile } from "../util/read-bounded-file.ts";

/** Of thousands of rules. */
const maxPolicyBytes = 1024 * 1024;

/**
 * @param origin What named it, for messages: `--policy`.
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function readPolicyText(origin: string, path: string): string {
  try {
    return readBoundedFile(path, maxPolicyBytes);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw invalidRequest(
      origin,
      `\`${path}\` can't be read: ${code ?? message}. Name a policy file.`,
    );
  }
}
