/**
 * @module
 * A bounded number of something that comes and goes.
 */

export interface Places {
  /** Gives one back, by a function that does so once. Undefined where all are taken. */
  take(): (() => void) | undefined;
}

export function createPlaces(most: number): Places {
  let taken = 0;
  return {
    take: () => {
      if (taken >= most) return undefined;
      taken += 1;
      let isTaken = true;
      return () => {
        if (isTaken) taken -= 1;
        isTaken = false;
      };
    },
  };
}
