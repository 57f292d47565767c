import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { watchDisk } from "./watch-disk.ts";

// Where few others write.
const place = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

test.each([
  ["bytes", { maxBytes: 1_000_000, maxFiles: Infinity }, 50, 100_000],
  ["files", { maxBytes: Infinity, maxFiles: 500 }, 1000, 0],
])("ends what takes too many %s", async (what, bounds, count, size) => {
  const folder = mkdtempSync(join(place, "glovebox-watch-test-"));
  try {
    using disk = await watchDisk(folder, bounds);
    const { signal } = disk;
    const aborted = once(signal, "abort");
    for (let each = 0; each < count; each++) {
      writeFileSync(join(folder, String(each)), Buffer.alloc(size, "x"));
    }
    await aborted;
    expect((signal.reason as Error).message).toMatch(
      new RegExp(`takes more than \\d+ ${what} of the disk`),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
