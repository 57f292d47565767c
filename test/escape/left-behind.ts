/**
 * @module
 * What of this suite is left on the host. Other suites may run beside it, so that only cgroups count
 * that bear the number of one of our own processes.
 */
import type { LeftoverCheck } from "../helpers/leftovers.ts";

/** Waits as `LeftoverCheck.find` does. */
export async function findLeftBehind(
  leftovers: LeftoverCheck,
  owners: readonly number[] = [process.pid],
): Promise<readonly string[]> {
  const left = await leftovers.find();
  return left.filter(
    (thing) => thing.startsWith("process ") || owners.some((pid) => thing.includes(`-${pid}-`)),
  );
}
