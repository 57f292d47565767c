/**
 * @module
 * Flags whose value is one of a few words.
 */
import { invalidRequest } from "../core/errors.ts";

/** @throws {GloveboxError} `INVALID_REQUEST` naming the words that are allowed. */
export function oneOf<T extends string>(flag: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((word) => word === text);
  if (found !== undefined) return found;
  throw invalidRequest(flag, `\`${text}\` is unknown. Allowed: ${allowed.join(", ")}.`);
}
