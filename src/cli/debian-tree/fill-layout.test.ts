import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
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
    {
      argv: ["sh", "-c", script],
      env: process.env,
      layout: join(folder, layout),
      title: "Lua",
      isQuiet: true,
      isVerbose: false,
    },
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

test("where mmdebstrap fails the end of what it said is shown, also with -q", async () => {
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const failing = fill("seq 1 100 >&2; exit 3", "failed");
  await expect(failing).rejects.toMatchObject({
    code: "SANDBOX_FAILED",
    message: expect.stringMatching(/^mmdebstrap could not make .* is above/) as string,
    cause: undefined,
  });
  const shown = write.mock.calls.map(([text]) => String(text)).join("");
  write.mockRestore();
  expect(shown).toMatch(/^ {2}81\n(?: {2}\d+\n){18} {2}100\n$/);
});

test("what it writes becomes a layout", async () => {
  await expect(fill("head -c 1000000 /dev/zero", "made")).resolves.toBeUndefined();
});
