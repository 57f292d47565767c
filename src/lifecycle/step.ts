/**
 * @module
 * The words of the lifecycle of a run, as coderun has them: steps at levels, and hooks before and after
 * them.
 */

/** Levels of the four stages. Any number in `levelBounds` is a level: between two of them, or beside. */
export const stages = { setup: 100, deploy: 200, run: 300, teardown: 400 } as const;

/** Both are levels themselves. Coderun has as many. */
export const levelBounds = { min: 0, max: 499 } as const;

/** A step is known by three names. */
export interface StepName {
  /** Who does it: `linux`, `docker`, `permissions`. */
  readonly provider: string;
  /** The variation of the provider that this run has: `python`. Empty: it has none. */
  readonly resource: string;
  /** What is done: `setup`, `run`. */
  readonly step: string;
}

/** @typeParam Run What steps of one run have in common, and may change for those that come later. */
export interface Step<Run> extends StepName {
  /**
   * Does it. What it throws ends the run: the steps of teardown are next.
   *
   * @param occasion The step that a hook is before or after; of any other step itself.
   */
  readonly work: (run: Run, occasion: StepName) => void | Promise<void>;
}

/** Of each of the three names: the name itself, or what is tested with it. Absent: any name. */
export interface StepMatcher {
  readonly provider?: string | RegExp;
  readonly resource?: string | RegExp;
  readonly step?: string | RegExp;
}

/** `linux/python/run`; without a resource `permissions/files/ask` has two slashes all the same. */
export function formatStepName({ provider, resource, step }: StepName): string {
  return `${provider}/${resource}/${step}`;
}
