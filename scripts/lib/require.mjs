/**
 * @module
 * GLOVEBOX_REQUIRE: a comma list of features whose tests must not be skipped.
 */

/** True if a test of this feature has to fail where it can't run. */
export function isRequired(feature) {
  return (process.env.GLOVEBOX_REQUIRE ?? "")
    .split(",")
    .map((word) => word.trim())
    .includes(feature);
}
