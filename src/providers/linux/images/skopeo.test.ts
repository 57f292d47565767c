import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fetchImage } from "./skopeo.ts";

let base: string;
/** Has a skopeo that fails with the words of its environment. */
let failing: string;
/** Has nothing. */
let empty: string;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "glovebox-skopeo-test-"));
  failing = join(base, "bin");
  empty = join(base, "empty");
  mkdirSync(failing);
  mkdirSync(empty);
  const script = `#!/bin/sh\necho "time=\\"now\\" level=fatal msg=\\"$WORDS\\"" >&2\nexit 1\n`;
  writeFileSync(join(failing, "skopeo"), script);
  chmodSync(join(failing, "skopeo"), 0o755);
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

const fetch = (source: string, env: NodeJS.ProcessEnv): Promise<void> =>
  fetchImage(
    {
      name: "r.example/tool:1",
      source: [source],
      layout: join(base, "layout"),
      temporary: base,
      env,
    },
    () => undefined,
    new AbortController().signal,
  );

const local = "docker-archive:/images:tool";
const remote = "docker://r.example/tool:1";
test.each([
  [remote, "reading manifest 1: manifest unknown", "IMAGE_NOT_FOUND", /skopeo login r\.example$/],
  [remote, "denied: requested access to the resource is denied", "IMAGE_NOT_FOUND", /login/],
  [remote, "denied: Permission denied for tool", "IMAGE_NOT_FOUND", /login/],
  [remote, "unauthorized: authentication required", "IMAGE_NOT_FOUND", /login/],
  [remote, "status 404 (Not Found)", "IMAGE_NOT_FOUND", /login/],
  [remote, "open /run/auth.json: permission denied", "SANDBOX_FAILED", /name of its registry/],
  [remote, "open /etc/x.json: no such file or directory", "SANDBOX_FAILED", /name of its registry/],
  [
    remote,
    "docker-credential-x: executable file not found",
    "SANDBOX_FAILED",
    /name of its regist/,
  ],
  [local, "open /images: permission denied", "SANDBOX_FAILED", /what --from names\.$/],
  [local, "reference tool not in it", "SANDBOX_FAILED", /what --from names\.$/],
  [local, "access to it was denied", "SANDBOX_FAILED", /what --from names\.$/],
])("%s: %s is %s", async (source, words, code, message) => {
  const env = { PATH: `${failing}:${process.env["PATH"] ?? ""}`, WORDS: words };
  await expect(fetch(source, env)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message) as string,
  });
});

test.each([
  ["skopeo", () => empty, "apt-get install skopeo"],
  ["setpriv", () => failing, "apt-get install util-linux"],
])("without %s it says so", async (name, path, hint) => {
  await expect(fetch(remote, { PATH: path() })).rejects.toMatchObject({
    code: "PROVIDER_UNAVAILABLE",
    message: expect.stringContaining(name) as string,
    details: { hint },
  });
});

test("without skopeo alone setpriv is not what is missing", async () => {
  symlinkSync("/usr/bin/setpriv", join(empty, "setpriv"));
  await expect(fetch(remote, { PATH: empty })).rejects.toMatchObject({
    message: expect.stringMatching(/by skopeo, which is not installed/) as string,
  });
});
