/**
 * @module
 * The entry of the `glovebox` program. It sets the exit code and lets the process end by itself, so
 * that all output is written.
 */
import { programVersion } from "../app.ts";
import { runCommandLine } from "./command-line.ts";
import { surviveLostReaders } from "./lost-readers.ts";

surviveLostReaders();
// No await at the top level: this is also bundled as CommonJS.
void runCommandLine(process.argv.slice(2), programVersion()).then((exitCode) => {
  // Set already: output was lost.
  process.exitCode ??= exitCode;
});
