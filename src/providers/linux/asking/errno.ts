/**
 * @module
 * Numbers of errors and their names.
 */
import { constants } from "node:os";
import { getSystemErrorName } from "node:util";

/** Of a name that this system does not know: that of EACCES. */
export function errnoOf(name: string): number {
  const numbers: Readonly<Record<string, number>> = constants.errno;
  return numbers[name] ?? constants.errno.EACCES;
}

/** As Node's own errors of system calls are: with the name as `code`. */
export function systemError(what: string, errno: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(`${what}: ${code}`), { code, errno: -errno });
}
