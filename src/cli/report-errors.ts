/**
 * @module
 * The one place where a failure becomes words and an exit code.
 */
import { surviveLostReaders } from "./lost-readers.ts";
import { errorDocument, exitCodeOfError, formatError } from "./print-error.ts";

interface ReportFlags {
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** Runs a command's work; a failure is printed, with `--json` on stdout too, and never thrown. */
export async function reportErrors(
  { json, verbose }: ReportFlags,
  work: () => Promise<number>,
): Promise<number> {
  try {
    return await work();
  } catch (error) {
    surviveLostReaders();
    process.stderr.write(formatError(error, verbose === true ? "verbose" : "normal"));
    if (json === true) process.stdout.write(`${JSON.stringify(errorDocument(error), null, 2)}\n`);
    return exitCodeOfError(error);
  }
}
