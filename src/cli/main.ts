/**
 * @module
 * The entry of the `glovebox` program. It sets the exit code and lets the process end by itself, so
 * that all output is written.
 */
import { programVersion } from "../app.ts";
import { runCommandLine } from "./command-line.ts";
import { surviveLostReaders } from "./lost-readers.ts";

surviveLostReaders();
const exitCode = await runCommandLine(process.argv.slice(2), programVersion());
// Set already: output was lost.
process.exitCode ??= exitCode;
