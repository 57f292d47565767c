/**
 * @module
 * What set-up tells people. All of it goes to stderr: stdout belongs to the program that is started.
 */

/** One line of progress. */
export function say(text) {
  process.stderr.write(`glovebox: ${text}\n`);
}

/** A failure that set-up can explain; it is printed without a stack. */
export class SetupError extends Error {
  name = "SetupError";
}

/** Runs a script's main function; its failure becomes a message and exit code 1. */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    say(error instanceof SetupError ? error.message : (error.stack ?? String(error)));
    process.exitCode = 1;
  }
}
