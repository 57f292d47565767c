/**
 * @module
 * `glovebox run`, from its flags and operands to the exit code.
 */
import { reportErrors } from "./report-errors.ts";
import { chooseRunForm } from "./run-form.ts";
import { parseRunOptions, type RawRunOptions } from "./run-options.ts";
import { runProgram } from "./run-program.ts";

/** @param argv All words of the command line. */
export async function runCommand(
  argv: readonly string[],
  operands: readonly string[],
  raw: RawRunOptions,
): Promise<number> {
  return reportErrors(raw, async () => {
    const options = parseRunOptions(raw, process.env);
    const { language, code } = options;
    const form = chooseRunForm({ argv, operands, language, code });
    return runProgram(form, options);
  });
}
