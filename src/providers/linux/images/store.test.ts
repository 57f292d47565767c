import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFolders, treeFolder, withStaging } from "./folders.ts";
import { writeName } from "./names.ts";
import { createImages, type LinuxImages } from "./store.ts";

let base: string;
let images: LinuxImages;
beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), "glovebox-store-test-"));
  await makeFolders(base);
  const start = (): never => {
    throw new Error("nothing is started here");
  };
  images = createImages({ folder: base, env: {}, start });
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

const id = `sha256:${"a".repeat(64)}`;
const makeImage = async (name: string): Promise<void> => {
  mkdirSync(join(treeFolder(base, id), "rootfs/folder"), { recursive: true });
  writeFileSync(join(treeFolder(base, id), "image.json"), "{}");
  await withStaging(base, (staging) => writeName(base, staging, { name, id }));
};

test("who ends a removal takes the image away, and leaves its files to a sweep", async () => {
  await makeImage("x.org/tool:1");
  expect(await images.remove("x.org/tool:1", AbortSignal.abort())).toBe(true);
  expect(await images.find("x.org/tool:1", new AbortController().signal)).toBeUndefined();
  expect(existsSync(treeFolder(base, id))).toBe(false);
  expect(readdirSync(join(base, "staging"))).toHaveLength(1);
});

test.each([
  ["localhost/glovebox/coffee:npm", "glovebox languages install coffee --method npm"],
  ["localhost/glovebox/icon:debian", "glovebox languages install icon --method tree"],
  ["x.org/tool:1", "glovebox images pull x.org/tool:1 --provider linux"],
])("%s is not there, and comes by %j", async (name, hint) => {
  await expect(images.open(name)).rejects.toMatchObject({
    code: "IMAGE_NOT_FOUND",
    details: { image: name, hint },
  });
});
