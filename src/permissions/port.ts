/**
 * @module
 * Ports in rules.
 */

/** From 1 to 65,535, or any; undefined for what is neither. */
export function parsePort(text: string): number | "*" | undefined {
  if (text === "*") return "*";
  if (!/^[1-9][0-9]{0,4}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}
