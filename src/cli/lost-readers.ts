/**
 * @module
 * What happens when our own output can't be written.
 */
import { EXIT_OUR_FAILURE } from "./exit.ts";
import { printNote } from "./print.ts";

/** The reader went away (`| head`), or the terminal did. */
const lostReaderCodes: readonly (string | undefined)[] = ["EPIPE", "EIO"];

/**
 * Lets the work go on without output where its reader is gone, and keeps the exit code. Another
 * fault, as a full disk, is told, and the process ends with 125. Without this either would end the
 * process in the middle with a stack trace.
 *
 * To be called before anything is written. Opening our streams takes milliseconds: `glovebox run` does
 * it when a program has been started. Idempotent.
 */
export function surviveLostReaders(): void {
  if (process.stdout.listeners("error").includes(onStdoutError)) return;
  // A message about stderr would go to stderr.
  process.stderr.on("error", () => undefined);
  process.stdout.on("error", onStdoutError);
}

function onStdoutError({ code }: NodeJS.ErrnoException): void {
  if (lostReaderCodes.includes(code) || process.exitCode === EXIT_OUR_FAILURE) return;
  process.exitCode = EXIT_OUR_FAILURE;
  printNote(`stdout can't be written (${code ?? "unknown fault"}): output is lost.`);
}
