/**
 * @module
 * What is made when it is first needed, and then kept.
 */

export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
