/**
 * @module
 * Does what was planned, and tidies up whatever happens.
 */
import type { PlannedStep } from "./registry.ts";
import { formatStepName, stages } from "./step.ts";

export interface RunStepsOptions {
  /** Its abort leads to teardown, as a failure does. */
  readonly signal: AbortSignal;
  /** Told of failures after the first one: those of teardown, which go on. */
  readonly onFurtherFailure: (error: unknown, name: string) => void;
}

/**
 * Steps run one after the other. After one that fails, and after an abort, those below teardown are left
 * out; the steps of teardown always run, all of them.
 *
 * @throws What the first step that failed threw.
 */
export async function runSteps<Run>(
  plan: readonly PlannedStep<Run>[],
  run: Run,
  { signal, onFurtherFailure }: RunStepsOptions,
): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  for (const { level, step, occasion } of plan) {
    const isLeftOut = level < stages.teardown && (failure !== undefined || signal.aborted);
    if (isLeftOut) continue;
    try {
      await step.work(run, occasion);
    } catch (error) {
      if (failure === undefined) failure = { error };
      else onFurtherFailure(error, formatStepName(step));
    }
  }
  if (failure !== undefined) throw failure.error;
}
