import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tarOf, writeLayout } from "../../../../test/helpers/images/layout.ts";
import { readLayout } from "./layout.ts";

test("a layer's unknown type is shown short and without control characters", async () => {
  const folder = mkdtempSync(join(tmpdir(), "glovebox-layout-test-"));
  try {
    writeLayout(folder, { layers: [tarOf([])] });
    const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as {
      manifests: [{ digest: string }];
    };
    const path = join(folder, "blobs", index.manifests[0].digest.replace(":", "/"));
    const type = JSON.stringify(`\u001b[2J\u202e${"x".repeat(500)}`).slice(1, -1);
    const manifest = readFileSync(path, "utf8");
    writeFileSync(path, manifest.replace("application/vnd.oci.image.layer.v1.tar", type));
    const error = (await readLayout(folder).catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toMatch(/^a layer is of the type \\u001b\[2J\\u202ex{50,90}\.\.\.$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
