/**
 * @module
 * What this browser remembers of the page. It may be full, forbidden, or of an older page: nothing
 * depends on it.
 */
const PREFIX = "glovebox:";

/** @param isGood Whether it is what this page would have written. */
export function readStored<T>(name: string, isGood: (value: unknown) => value is T): T | undefined {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(PREFIX + name) ?? "null");
    return isGood(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @returns Whether it was kept. */
export function writeStored(name: string, value: unknown): boolean {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}
