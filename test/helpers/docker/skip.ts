/**
 * @module
 * Skips what needs a Docker daemon, where there can be none.
 */
import { skipUnless } from "../require.ts";
import { dockerGap, runscGap } from "./gaps.ts";

/** The gap as the reason of a skip; `GLOVEBOX_REQUIRE=docker` makes it a failure. */
export function dockerSkipReason(): string | undefined {
  return skipReason("docker", dockerGap());
}

/** The gap as the reason of a skip; `GLOVEBOX_REQUIRE=runsc` makes it a failure. */
export function runscSkipReason(): string | undefined {
  return skipReason("runsc", runscGap());
}

/** The second pass of all tests is an ordinary user's: what root's pass has shown is not required of it. */
function skipReason(feature: string, gap: string | undefined): string | undefined {
  const isUsersPass = process.env["GLOVEBOX_TEST_AS"] === "user";
  return isUsersPass ? gap : skipUnless(feature, gap);
}
