/**
 * @module
 * The flags of `glovebox plan`, as they were written.
 */
import type { RawProviderFlags } from "./provider-flag.ts";

export interface PlanFlags extends RawProviderFlags {
  readonly deploy?: boolean;
  readonly name?: string;
  readonly format?: string;
  readonly run?: boolean;
  readonly input?: string;
  readonly timeout?: string;
  readonly network?: string;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}
