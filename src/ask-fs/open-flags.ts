/**
 * @module
 * Flags of open(2), as the kernel hands them on.
 */
import { constants } from "node:fs";

const { O_APPEND, O_DSYNC, O_EXCL, O_RDONLY, O_SYNC, O_TRUNC } = constants;

const ACCESS_MODE = 0o3;

/** What of a program's flags is the host's business; the kernel has done the rest. */
const PASSED_ON = ACCESS_MODE | O_APPEND | O_DSYNC | O_SYNC | O_TRUNC;

export const hostFlags = (flags: number): number => flags & PASSED_ON;

export const isForWriting = (flags: number): boolean => (flags & ACCESS_MODE) !== O_RDONLY;

/** Whether opening is already a change, or allows one. */
export const isChange = (flags: number): boolean => isForWriting(flags) || (flags & O_TRUNC) !== 0;

export const appends = (flags: number): boolean => (flags & O_APPEND) !== 0;

export const mustBeNew = (flags: number): boolean => (flags & O_EXCL) !== 0;
