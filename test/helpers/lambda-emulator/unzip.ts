/**
 * @module
 * Unpacks the zip of a function as Lambda does: files, their right to be executed, links.
 */
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";

const LINK = 0o120000;
const KIND = 0o170000;

export async function unzip(zip: Buffer, folder: string): Promise<void> {
  const modes = modesOf(zip);
  for (const [path, content] of Object.entries(unzipSync(zip))) {
    const full = join(folder, path);
    const mode = modes.get(path) ?? 0o100644;
    await mkdir(dirname(full), { recursive: true });
    if ((mode & KIND) === LINK) await symlink(Buffer.from(content).toString(), full);
    else await writeFile(full, content, { mode: mode & 0o777 });
  }
}

/** From the list at the end of a zip, which unpackers leave out. */
function modesOf(zip: Buffer): ReadonlyMap<string, number> {
  const end = zip.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  const modes = new Map<string, number>();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const lengths = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    const [nameLength = 0] = lengths;
    modes.set(
      zip.toString("utf8", at + 46, at + 46 + nameLength),
      zip.readUInt32LE(at + 38) >>> 16,
    );
    at += 46 + lengths.reduce((sum, length) => sum + length, 0);
  }
  return modes;
}
