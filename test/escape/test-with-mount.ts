/**
 * @module
 * Scenarios with a folder of the host that programs may write to.
 */
import { test } from "vitest";
import { skipWhereNamed, type Field } from "./run-attack.ts";

/** A test with a writable folder of the host; the name says why this host can't run it. */
export function testWithMount(
  field: () => Field,
  gap: string | undefined,
  name: string,
  body: () => Promise<void>,
): void {
  test.skipIf(gap !== undefined)(gap === undefined ? name : `${name} (${gap})`, async (context) => {
    skipWhereNamed(context, field(), name);
    await body();
  });
}
