/**
 * @module
 * Work that is done one after the other, in the order in which it came.
 */

export function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return async (work) => {
    const turn = last.then(work, work);
    // The next one waits for the end of this one, whatever it is.
    last = turn.catch(() => undefined);
    return turn;
  };
}
