/**
 * @module
 * What a run asks, as cards.
 */
import type { Run } from "../run/run.ts";

export function Asks(_: { readonly run: Run }) {
  return null;
}
