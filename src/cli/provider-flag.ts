/**
 * @module
 * `--provider`, and what must be said with it.
 */
import { invalidRequest } from "../core/errors.ts";
import type { EnforcementMode } from "../core/enforcement.ts";
import { providerNames } from "../config/server-config.ts";
import type { ProviderName } from "../config/server-config.ts";
import { oneOf } from "./one-of.ts";

export const processWarning =
  "warning: the `process` provider isolates nothing: the program can do all that you can";

/** @throws {GloveboxError} `INVALID_REQUEST` */
export function parseProvider(text: string | undefined): ProviderName {
  return oneOf("--provider", text ?? "auto", providerNames);
}

/** @throws {GloveboxError} `INVALID_REQUEST` for `process` without the words that say it is meant. */
export function checkProvider(name: ProviderName, mode: EnforcementMode): void {
  if (name !== "process" || mode === "best-effort") return;
  throw invalidRequest(
    "--provider",
    "`process` isolates nothing. Use `linux`, or add `--enforcement best-effort` to run it all the same.",
  );
}
