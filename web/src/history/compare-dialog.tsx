/**
 * @module
 * Two runs beside each other. What compares them is loaded then.
 */
import { signal } from "@preact/signals";
import type { Run } from "../run/run.ts";
import { Dialog, openDialog } from "../ui/dialog.tsx";
import { lazy } from "../ui/lazy.tsx";

const Comparison = lazy(async () => (await import("./comparison.tsx")).Comparison);

interface Compared {
  readonly before: Run;
  readonly after: Run;
}
const compared = signal<Compared | undefined>(undefined);

export function compareRuns(one: Run, other: Run): void {
  const [before, after] = one.number < other.number ? [one, other] : [other, one];
  compared.value = { before, after };
  openDialog.value = "compare";
}

export function CompareDialog() {
  if (compared.value === undefined) return null;
  const { before, after } = compared.value;
  return (
    <Dialog name="compare" title={`Run ${before.number} and run ${after.number}`} size="wide">
      <Comparison before={before} after={after} fallback={<p class="hint">Comparing …</p>} />
    </Dialog>
  );
}
