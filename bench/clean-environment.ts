/**
 * @module
 * The surroundings of what is measured: a shell's PATH and home, and none of the variables that
 * make Node or Python start slower (NODE_OPTIONS, NODE_EXTRA_CA_CERTS, PYTHONPATH, …).
 */
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { isExecutable } from "../src/util/is-executable.ts";

/** The Node that runs this comes first, so that all parts are measured with the same one. */
export const cleanEnvironment: Readonly<Record<string, string>> = {
  PATH: [dirname(process.execPath), ...(process.env["PATH"] ?? "").split(delimiter)].join(
    delimiter,
  ),
  HOME: homedir(),
  // As in the installed package. In a clone every start also looks whether a source has changed.
  GLOVEBOX_NO_BUILD: "1",
};

/** The absolute path of a program, or undefined where PATH has none of this name. */
export function commandPath(name: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => isExecutable(path));
}
