/**
 * @module
 * The entry of the `glovebox` program. It sets the exit code and lets the process end by itself, so
 * that all output is written.
 */
import { programVersion } from "../app.ts";
import { runCommandLine } from "./command-line.ts";

process.exitCode = await runCommandLine(process.argv.slice(2), programVersion());
