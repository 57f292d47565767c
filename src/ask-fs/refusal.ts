/**
 * @module
 * The errors that a program sees.
 */
import { constants } from "node:os";

export type ErrorName = keyof typeof constants.errno;

/** Ends one request with an error. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly errorName: ErrorName;

  constructor(errorName: ErrorName) {
    super(errorName);
    this.errorName = errorName;
  }
}

/**
 * The kernel takes ENOSYS for "never send me this again", and then opens files without asking: no
 * failure of the host's may look like it.
 */
const neverPassedOn: ReadonlySet<string> = new Set(["ENOSYS", "ENOTCONN"]);

/** The error number for whatever went wrong, positive. */
export function errorNumberOf(error: unknown): number {
  const { errno } = constants;
  if (error instanceof Refusal) return errno[error.errorName];
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === undefined || neverPassedOn.has(code) || !(code in errno)) return errno.EIO;
  return errno[code as ErrorName];
}
