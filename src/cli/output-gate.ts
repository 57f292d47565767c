/**
 * @module
 * Holds the program's output back while something of ours is on the terminal.
 */

export interface OutputGate {
  /** @returns Lets go; output goes on once all who hold have let go. Idempotent. */
  readonly hold: () => () => void;
  /** Undefined: nobody holds. */
  readonly whenOpen: () => Promise<void> | undefined;
}

export function createOutputGate(): OutputGate {
  const holders = new Set<symbol>();
  let opened: Promise<void> | undefined;
  let open: () => void = () => undefined;
  return {
    hold: () => {
      const holder = Symbol();
      holders.add(holder);
      opened ??= new Promise((resolve) => (open = resolve));
      return () => {
        if (!holders.delete(holder) || holders.size > 0) return;
        opened = undefined;
        open();
      };
    },
    whenOpen: () => opened,
  };
}
