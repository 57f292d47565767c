/**
 * @module
 * Programs of this host.
 */
import { delimiter, join } from "node:path";
import { isExecutable } from "../../src/util/is-executable.ts";

/** Its path. The system's folders are looked in too: an ordinary search path may lack them. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}
