/**
 * @module
 * What an operator decides about what is kept.
 */

/** The database: executions that are answered later, and keys. */
export interface StorageSettings {
  /** Absolute; undefined: in the state folder of this user. */
  readonly folder: string | undefined;
  /** How long the result of an execution is kept. */
  readonly maxAgeMs: number;
  /** Of all that is kept of executions that have ended. */
  readonly maxBytes: number;
}

/** Programs behind links. */
export interface ShareSettings {
  /** False: none are made, and none opened. */
  readonly enabled: boolean;
  /** Of one, as JSON. */
  readonly maxBytes: number;
  /** Of all together; beyond it no more are made. */
  readonly maxTotalBytes: number;
  /** Since it was last opened. */
  readonly maxAgeMs: number;
  /** How many one caller may make in an hour; where nobody needs a key, one address. */
  readonly perHour: number;
}

const KIB = 1024;
const DAY_MS = 24 * 3_600_000;

export const defaultShares: ShareSettings = {
  enabled: true,
  maxBytes: 256 * KIB,
  maxTotalBytes: 256 * KIB * KIB,
  maxAgeMs: 90 * DAY_MS,
  perHour: 60,
};
