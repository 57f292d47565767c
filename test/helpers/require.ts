/**
 * @module
 * Skips with a reason, and hosts on which a skip is a failure.
 */
import { test } from "vitest";

/**
 * Says whether tests that need `feature` are skipped. Where `GLOVEBOX_REQUIRE` (a comma list) names
 * the feature, a failing test takes the place of the skipped ones.
 *
 * @param reason Why this host lacks the feature; undefined where it has it.
 * @returns The reason, for `describe.skipIf` and the name of the test.
 */
export function skipUnless(feature: string, reason: string | undefined): string | undefined {
  if (reason !== undefined && isRequired(feature)) {
    test(`has ${feature}, which GLOVEBOX_REQUIRE demands`, () => {
      throw new Error(`${feature}: ${reason}`);
    });
  }
  return reason;
}

/** Whether `GLOVEBOX_REQUIRE` names the feature. */
export function isRequired(feature: string): boolean {
  const names = (process.env["GLOVEBOX_REQUIRE"] ?? "").split(",");
  return names.some((name) => name.trim() === feature);
}
