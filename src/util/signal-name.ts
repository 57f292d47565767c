/**
 * @module
 * The names of signals.
 */
import { constants } from "node:os";

/** `SIGINT` and its like, as this machine has them. */
export function isSignalName(name: string): name is NodeJS.Signals {
  return Object.hasOwn(constants.signals, name);
}
