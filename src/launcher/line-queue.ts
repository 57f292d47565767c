/**
 * @module
 * Lines that came, for one who asks for them one by one.
 */

export interface LineQueue {
  readonly length: () => number;
  /** @param text Lines, each with its end. */
  readonly push: (text: string) => void;
  readonly end: () => void;
  /** Resolves with undefined after the last one. Asked by one at a time. */
  readonly next: () => Promise<string | undefined>;
}

export function createLineQueue(): LineQueue {
  const lines: string[] = [];
  let waiting: ((line: string | undefined) => void) | undefined;
  let hasEnded = false;
  const serve = (): void => {
    if (waiting === undefined || (lines.length === 0 && !hasEnded)) return;
    const resolve = waiting;
    waiting = undefined;
    resolve(lines.shift());
  };
  return {
    length: () => lines.length,
    push: (text) => {
      lines.push(...text.split("\n").filter((line) => line !== ""));
      serve();
    },
    end: () => {
      hasEnded = true;
      serve();
    },
    next: () =>
      new Promise((resolve) => {
        waiting = resolve;
        serve();
      }),
  };
}
