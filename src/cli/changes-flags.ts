/**
 * @module
 * `--apply`, `--apply-all`, `--keep` and `--discard`: what becomes of the changes in a copy.
 */
import { invalidRequest } from "../core/errors.ts";

export interface RawChangesFlags {
  readonly apply?: boolean;
  readonly applyAll?: boolean;
  readonly keep?: boolean;
  readonly discard?: boolean;
}

/** `apply`: but for what is dangerous, see changes/delicate.ts. */
export type ChangesChoice = "apply" | "applyAll" | "keep" | "discard";

const flags: readonly (readonly [name: ChangesChoice, flag: string])[] = [
  ["apply", "--apply"],
  ["applyAll", "--apply-all"],
  ["keep", "--keep"],
  ["discard", "--discard"],
];

/**
 * @returns Undefined where nothing was said.
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function parseChangesFlags(raw: RawChangesFlags): ChangesChoice | undefined {
  const [first, second] = flags.filter(([name]) => raw[name] === true);
  if (second === undefined) return first?.[0];
  throw invalidRequest(second[1], `can't be used together with ${first?.[1]}. Choose one.`);
}
