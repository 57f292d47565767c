/**
 * @module
 * Names to addresses, on this host, for connections that are allowed.
 */
import { lookup } from "node:dns/promises";

/** All addresses of a name, those to try first at the front. @throws Where there are none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/**
 * Asks as every program of this host does, /etc/hosts included. Nobody can end such a question, and
 * all of this process share four threads for them and for files: so no more than two are open at once.
 */
export function createResolve(): Resolve {
  const maxOpen = 2;
  const waiting: (() => void)[] = [];
  let open = 0;
  return async (name) => {
    if (open >= maxOpen) await new Promise<void>((resolve) => waiting.push(resolve));
    else open += 1;
    try {
      const found = await lookup(name, { all: true });
      return found.map(({ address }) => address);
    } finally {
      const next = waiting.shift();
      if (next === undefined) open -= 1;
      else next();
    }
  };
}
