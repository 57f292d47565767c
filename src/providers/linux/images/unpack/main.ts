/**
 * @module
 * The program that unpacks an image, inside a sandbox: a layer is a stranger's, and all that it could
 * reach by a mistake of ours is the folder that it is unpacked into. Node alone runs it, compiled.
 *
 * Prints a line of JSON for each layer, and at the end what it made.
 */
import { readFileSync } from "node:fs";
import { countEntry, unpackLayer, type Layer, type UnpackBounds, type Unpacked } from "./layers.ts";
import { prepareRoot } from "./prepare-root.ts";
import { RootFolder } from "./root-folder.ts";

export interface UnpackJob {
  /** Where to; absolute and empty. */
  readonly root: string;
  /** The lowest first. */
  readonly layers: readonly Layer[];
  readonly bounds: UnpackBounds;
  /** See `prepareRoot`. */
  readonly ownFolder: string;
}

async function main(jobPath: string): Promise<void> {
  const job = JSON.parse(readFileSync(jobPath, "utf8")) as UnpackJob;
  process.umask(0);
  const done: Unpacked = { bytes: 0, entries: 0, skipped: 0 };
  const root = new RootFolder(job.root, () => {
    countEntry(done, job.bounds, 0);
  });
  for (const [index, layer] of job.layers.entries()) {
    process.stdout.write(`${JSON.stringify({ layer: index + 1 })}\n`);
    await unpackLayer(root, layer, job.bounds, done);
  }
  prepareRoot(root, job.ownFolder);
  process.stdout.write(`${JSON.stringify(done)}\n`);
}

main(process.argv[2] ?? "").catch((error: unknown) => {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
