/**
 * @module
 * How many questions a program may have asked. Who is asked too often says yes without reading.
 */

export interface FloodGuard {
  /** Whether one more question may be asked now. @param open Questions that are open. */
  readonly admit: (open: number) => boolean;
}

const MAX_OPEN_OF_PEOPLE = 20;
const MAX_NEW_A_SECOND = 10;
/** Whatever answers by itself is quick; this only bounds memory. */
const MAX_OPEN_OF_PROGRAMS = 1000;

/** @param now Milliseconds of a clock that is never set. */
export function createFloodGuard(
  { asksPeople }: { readonly asksPeople: boolean },
  now: () => number,
): FloodGuard {
  const recent: number[] = [];
  if (!asksPeople) return { admit: (open) => open < MAX_OPEN_OF_PROGRAMS };
  return {
    admit: (open) => {
      const at = now();
      while (recent[0] !== undefined && at - recent[0] >= 1000) recent.shift();
      if (open >= MAX_OPEN_OF_PEOPLE || recent.length >= MAX_NEW_A_SECOND) return false;
      recent.push(at);
      return true;
    },
  };
}
