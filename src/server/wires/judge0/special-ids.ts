/**
 * @module
 * Judge0's languages that are none: what they run is a file as it is, or what a zip says.
 */

/** Prints its source code. */
export const plainTextId = 43;
/** Its source code is a program for the machine. */
export const executableId = 44;
/** A zip with the scripts `run` and, perhaps, `compile`. */
export const multiFileId = 89;

/** Lower ones are of languages that Judge0 no longer has. */
export const lastArchivedId = 42;
