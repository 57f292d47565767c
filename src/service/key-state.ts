/**
 * @module
 * Whether a key opens anything.
 */
import type { KeyEntry } from "../storage/keys-store.ts";

export type KeyState = "active" | "expired" | "revoked";

/** @param now Milliseconds since 1970. */
export function keyState(
  { revokedAtMs, expiresAtMs }: Pick<KeyEntry, "revokedAtMs" | "expiresAtMs">,
  now: number,
): KeyState {
  if (revokedAtMs !== null) return "revoked";
  return expiresAtMs !== null && expiresAtMs <= now ? "expired" : "active";
}
