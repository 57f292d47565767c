/**
 * @module
 * `glovebox run --provider remote` against `glovebox serve`, as a user types them.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { glovebox, serveCli, type ServingCli } from "./cli-fixture.ts";

let server: ServingCli;
const folder = mkdtempSync(join(tmpdir(), "glovebox-remote-test-"));
beforeAll(async () => {
  const flags = ["--provider", "process", "--allow-unsafe-process", "--log-level", "silent"];
  server = await serveCli([...flags, "--storage", folder], { timeoutMs: 120_000 });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const weak = ["--enforcement", "best-effort", "-q"];

test("a program runs there, with its files, arguments, stdin and exit code", async () => {
  writeFileSync(join(folder, "main.sh"), 'cat word.txt - ; echo "$1" "$WORD"; exit 7\n');
  writeFileSync(join(folder, "word.txt"), "given\n");
  const { exitCode, stdout } = await glovebox(
    ["run", "--url", server.url, ...weak, "--file", "word.txt", "-e", "WORD=set", "main.sh", "arg"],
    { cwd: folder, stdin: "typed\n" },
  );
  expect([exitCode, stdout]).toEqual([7, "given\ntyped\narg set\n"]);
});

test("a command sees an empty folder there, and not the current one", async () => {
  const env = { GLOVEBOX_URL: server.url };
  const args = ["run", "--provider", "remote", ...weak, "--", "sh", "-c", "ls -A; echo end"];
  const { exitCode, stdout } = await glovebox(args, { cwd: folder, env });
  expect([exitCode, stdout]).toEqual([0, "end\n"]);
});

test("what a program leaves comes back", async () => {
  const out = join(folder, "out");
  const code = "mkdir out && printf made > out/file";
  const { exitCode } = await glovebox(
    ["run", `--url=${server.url}`, ...weak, "--out", out, "-l", "bash", "-c", code],
    {},
  );
  expect(exitCode).toBe(0);
});

test.each<[what: string, args: readonly string[], exitCode: number, message: RegExp]>([
  ["no server", ["--provider", "remote"], 2, /--url: is missing: which server\?/],
  ["a server that is not there", ["--url", "http://127.0.0.1:1"], 125, /nobody listens there/],
  [
    "a folder",
    ["--url", "URL", "--workspace", "."],
    125,
    /can't be shown to a sandbox on a server/,
  ],
  [
    "a limit above the server's",
    ["--url", "URL", "--memory", "1TiB"],
    2,
    /the most that this server/,
  ],
  ["the network", ["--url", "URL", "--network", "all"], 125, /does not allow "all"/],
  [
    "a key file that is not there",
    ["--url", "URL", "--key-file", "no"],
    2,
    /can't be read \(ENOENT\)/,
  ],
  ["strict enforcement", ["--url", "URL", "--enforcement", "strict"], 125, /process/],
])("refuses %s", async (_what, words, exitCode, message) => {
  const args = words.map((word) => (word === "URL" ? server.url : word));
  const strict = args.includes("--enforcement") ? [] : weak;
  const result = await glovebox(["run", ...strict, ...args, "--", "true"], { cwd: folder });
  expect([result.exitCode, result.stdout]).toEqual([exitCode, ""]);
  expect(result.stderr).toMatch(message);
});

test("doctor says what holds there", async () => {
  const { exitCode, stdout } = await glovebox(["doctor", "--url", server.url, "--json"]);
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ provider: "remote", available: true, ok: false });
});
