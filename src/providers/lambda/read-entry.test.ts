import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readEntry } from "./read-entry.ts";

const folder = mkdtempSync(join(tmpdir(), "read-entry-test-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("a file is read to its end, and told to be executable where it is", async () => {
  const path = join(folder, "file");
  writeFileSync(path, "content", { mode: 0o755 });
  expect(await readEntry(path, 7)).toEqual({
    content: Buffer.from("content"),
    isExecutable: true,
  });
});

test("one that is longer than it says is read as far as allowed", async () => {
  // The kernel's files have no size.
  expect(await readEntry("/proc/self/status", 100)).toBe(101);
  const read = await readEntry("/proc/self/status", 1_000_000);
  expect(typeof read === "object" && Buffer.from(read.content).toString()).toMatch(/^Name:/);
});

test("links, fifos, folders and what is not there are gone", async () => {
  symlinkSync("file", join(folder, "link"));
  execFileSync("mkfifo", [join(folder, "fifo")]);
  for (const name of ["link", "fifo", ".", "nothing"]) {
    expect([name, await readEntry(join(folder, name), 10)]).toEqual([name, "gone"]);
  }
});
