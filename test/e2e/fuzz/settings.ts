/**
 * @module
 * How long is fuzzed, and from which seed. A run is repeated with the seed that it printed.
 */
import fc from "fast-check";

const { env } = process;

const CI_MS = 20_000;
const USUAL_MS = 5_000;

/** Of all parts together. */
export const totalMs = Number(env["GLOVEBOX_FUZZ_MS"] ?? (env["CI"] === "true" ? CI_MS : USUAL_MS));

const MAX_SEED = 2 ** 31;
export const seed = Number(env["GLOVEBOX_FUZZ_SEED"] ?? Math.floor(Math.random() * MAX_SEED));

/**
 * Checks case after case until the time is over.
 *
 * @param share Of the whole time, from 0 to 1.
 * @returns How many cases there were.
 */
export async function fuzz<T>(
  share: number,
  cases: fc.Arbitrary<T>,
  check: (one: T) => Promise<void>,
): Promise<number> {
  let count = 0;
  const property = fc.asyncProperty(cases, async (one) => {
    count++;
    await check(one);
  });
  await fc.assert(property, {
    seed,
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: totalMs * share,
    markInterruptAsFailure: false,
  });
  return count;
}
