/**
 * @module
 * Files that came back as a zip.
 */
import { zipSync, type Zippable } from "fflate";
import { toBytes } from "../../../src/client/bytes.ts";
import type { AnsweredArtifacts } from "./artifacts.tsx";

/** Made on Unix, in the words of the format (APPNOTE 4.4.2.2); its upper half of attributes is the mode. */
const UNIX = 3;
const modes = { executable: 0o100755, usual: 0o100644 } as const;

export function zipArtifacts(files: AnsweredArtifacts["files"]): Uint8Array<ArrayBuffer> {
  const entries = files.map(({ path, content, encoding, executable }) => {
    const attrs = modes[executable ? "executable" : "usual"] * 0x10000;
    return [path, [toBytes(content, encoding), { os: UNIX, attrs }]] as const;
  });
  return zipSync(Object.fromEntries(entries) as unknown as Zippable);
}
