import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fillLayout } from "./fill-layout.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "glovebox-layout-test-"));
  writeFileSync(join(folder, "file"), "");
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const fill = (script: string, layout: string): Promise<void> =>
  fillLayout(
    { argv: ["sh", "-c", script], env: process.env, layout: join(folder, layout), title: "Lua" },
    new AbortController().signal,
  );

test("a layout that can't be written is told, though it also ends who makes the tree", async () => {
  const failing = fill("head -c 1000000 /dev/zero", "file/layout");
  await expect(failing).rejects.toMatchObject({
    code: "SANDBOX_FAILED",
    message: expect.stringMatching(
      /^the tree of Lua could not be written to `.*layout`: ENOTDIR: .*[^.]\.$/,
    ) as string,
    cause: { code: "ENOTDIR" },
  });
});

test("where mmdebstrap fails it has said why", async () => {
  const failing = fill("exit 3", "failed");
  await expect(failing).rejects.toMatchObject({
    code: "SANDBOX_FAILED",
    message: expect.stringMatching(/^mmdebstrap could not make .* is above/) as string,
    cause: undefined,
  });
});

test("what it writes becomes a layout", async () => {
  await expect(fill("head -c 1000000 /dev/zero", "made")).resolves.toBeUndefined();
});
