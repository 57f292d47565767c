/**
 * @module
 * Versions of runtimes: found in what a program prints about itself, compared with what was asked for.
 */

/** Group 1 of `pattern` in `output`, or null where it does not match. */
export function parseVersion(output: string, pattern: string): string | null {
  return new RegExp(pattern).exec(output)?.[1] ?? null;
}

/**
 * Whether `installed` is what `requested` asks for: `*`, or a prefix by parts. `3` and `3.11` ask for
 * `3.11.2`; `3.1` does not. An unknown version matches `*` only.
 */
export function matchesVersion(requested: string, installed: string | null): boolean {
  if (requested === "*") return true;
  if (installed === null) return false;
  const wanted = requested.replace(/^v/i, "").split(".");
  const parts = installed.split(".");
  return wanted.every((part, index) => part === parts[index]);
}
