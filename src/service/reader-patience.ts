/**
 * @module
 * How long a command waits for who reads its output.
 */
import type { Limits } from "../core/limits.ts";
import { Patience } from "../util/patience.ts";

/** For what was written last. */
const GRACE_MS = 5_000;

/** As long as the command may run, and a little: after that it is the reader who holds the slot. */
export function readerPatience({ wallTimeMs }: Pick<Limits, "wallTimeMs">): Patience {
  return new Patience(wallTimeMs === "unlimited" ? Infinity : wallTimeMs + GRACE_MS);
}
