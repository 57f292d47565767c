/**
 * @module
 * Programs of this host.
 */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Its path. The system's folders are looked in too: an ordinary search path may lack them. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
