/**
 * @module
 * The program's files as a zip.
 */
import { zipSync } from "fflate";
import { toBytes } from "../../../src/client/bytes.ts";
import type { Project } from "../state/project-values.ts";

export function zipProject({ files }: Project): Uint8Array<ArrayBuffer> {
  const entries = files.map(({ path, content, encoding }) => [path, toBytes(content, encoding)]);
  return zipSync(Object.fromEntries(entries) as Record<string, Uint8Array>);
}
