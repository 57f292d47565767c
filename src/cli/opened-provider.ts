/**
 * @module
 * A provider that something was deployed with, for the run that follows.
 */
import type { QuickProvider } from "../app.ts";
import type { ProgressDisplay } from "./image-progress.ts";

/** To be closed. */
export interface OpenedProvider {
  readonly quick: QuickProvider;
  /** Of its images; undefined where nothing was pulled. */
  readonly pulls: () => ProgressDisplay | undefined;
}
