/**
 * @module
 * Files that a run made, as far as the page can show them.
 */
import type { Run } from "../run/run.ts";

export function Artifacts(_: { readonly run: Run }) {
  return null;
}
