import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { file, symlink, tarOf, type TarMember } from "../../../../../test/helpers/images/layout.ts";
import { countEntry, unpackLayer, type Unpacked } from "./layers.ts";
import { RootFolder } from "./root-folder.ts";

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "glovebox-layers-test-"));
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

async function unpack(
  members: readonly TarMember[],
  bounds = { maxBytes: 1e9, maxEntries: 1e6 },
): Promise<Unpacked> {
  const done: Unpacked = { bytes: 0, entries: 0, skipped: 0 };
  const root = new RootFolder(base, () => {
    countEntry(done, bounds, 0);
  });
  const path = `${base}.tar`;
  writeFileSync(path, tarOf(members));
  try {
    await unpackLayer(root, { path, isGzip: false }, bounds, done);
  } finally {
    rmSync(path);
  }
  return done;
}

const chain = (name: string): string => `${name}/${"a/".repeat(300)}`;

test("folders that only paths name are counted, once each", async () => {
  const members = [file(`${chain("0")}f`), file(`${chain("0")}g`), file("x")];
  expect(await unpack(members)).toMatchObject({ entries: 304, bytes: 304 * 4096 });
});

test.each([
  ["files", { maxBytes: 1e9, maxEntries: 700 }],
  ["bytes", { maxBytes: 700 * 4096, maxEntries: 1e6 }],
])("and are too many %s before they are made", async (what, bounds) => {
  const members = Array.from({ length: 10 }, (_, each) => file(`${chain(String(each))}f`));
  await expect(unpack(members, bounds)).rejects.toThrow(
    new RegExp(`holds more than \\d+ ${what}$`),
  );
  expect(readdirSync(base)).toHaveLength(3);
});

test.each<[string, readonly TarMember[]]>([
  ["as it is written", [file("d/".repeat(1000) + "f".repeat(180))]],
  [
    "behind a link",
    [
      file(`${`${"d".repeat(200)}/`.repeat(9)}${"e".repeat(79)}/f`),
      symlink("s", `${`${"d".repeat(200)}/`.repeat(9)}${"e".repeat(79)}`),
      file(`s/${"f".repeat(180)}`),
    ],
  ],
])("a path that is too long %s is refused", async (_how, members) => {
  await expect(unpack(members)).rejects.toThrow(/a path is too long/);
});
