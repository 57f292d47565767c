/**
 * @module
 * `glovebox keys`, and a server in another process that knows of them at once.
 */
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  glovebox,
  serveCli,
  temporaryFolder,
  type CliResult,
  type ServingCli,
} from "./cli-fixture.ts";

const folder = temporaryFolder();
const storage = join(folder.path, "storage");
const auditFile = join(folder.path, "audit.log");
const env = { GLOVEBOX_STORAGE_FOLDER: storage, GLOVEBOX_AUDIT_FILE: auditFile };
afterAll(() => {
  folder.remove();
});

const keys = (...args: readonly string[]): Promise<CliResult> =>
  glovebox(["keys", ...args], { env, cwd: folder.path });

async function create(...flags: readonly string[]): Promise<{ id: string; secret: string }> {
  const { stdout, stderr, exitCode } = await keys("create", "--json", ...flags);
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining("made the key")]);
  return JSON.parse(stdout) as { id: string; secret: string };
}

interface ListedKey {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly rules: object;
  readonly last_used_at: string | null;
}

async function list(): Promise<readonly ListedKey[]> {
  const { stdout } = await keys("list", "--json");
  return (JSON.parse(stdout) as { keys: readonly ListedKey[] }).keys;
}

describe("without keys", () => {
  test.each([
    [["--auth", "required"], /server\.auth \(--auth\): is `required`, and there is no key yet/],
    [["--host", "0.0.0.0"], /server\.host \(--host\): 0\.0\.0\.0 can be reached from other/],
  ])("`serve %j` refuses to listen", async (flags, message) => {
    const open = ["--provider", "process", "--allow-unsafe-process", "--port", "0"];
    const { exitCode, stdout, stderr } = await glovebox(["serve", ...open, ...flags], {
      env: { GLOVEBOX_STORAGE_FOLDER: join(folder.path, "none") },
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).toContain(`\`glovebox keys create --storage ${join(folder.path, "none")}\``);
  });

  test("the list says so", async () => {
    const { exitCode, stdout, stderr } = await keys("list");
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
    expect(stderr).toContain(`there is no key in ${storage}. Make one: glovebox keys create`);
  });
});

describe("beside a server that runs", () => {
  let server: ServingCli;
  let first: string;
  const call = async (secret: string, path = "/v1/info"): Promise<number> =>
    (await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${secret}` } }))
      .status;

  beforeAll(async () => {
    const { exitCode, stdout, stderr } = await keys("create", "--name", "first");
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^gbx_[\w-]{43}\n$/)]);
    expect(stderr).toMatch(/^glovebox: made the key [a-z2-7]{8} \(first\)\..*Bearer KEY/);
    first = stdout.trim();
    const open = ["--provider", "process", "--allow-unsafe-process"];
    server = await serveCli([...open, "--host", "0.0.0.0"], { env, cwd: folder.path });
  });
  afterAll(async () => {
    const { stdout, stderr } = await server.stop();
    expect(`${stdout}${stderr}`).not.toContain(first.slice(4));
  });

  test("a key opens at once, and no more as soon as it is revoked", async () => {
    expect(await call("nobody")).toBe(401);
    expect(await call(first)).toBe(200);
    const second = await create("--name", "second", "--rate", "60/min", "--languages", "py");
    expect(await call(second.secret)).toBe(200);
    expect(await call(second.secret, "/v1/executions")).toBe(200);

    const revoked = await keys("revoke", "second");
    expect(revoked).toMatchObject({ exitCode: 0, stdout: `revoked ${second.id}\n`, stderr: "" });
    expect(await call(second.secret)).toBe(401);
    const again = await keys("revoke", second.id);
    expect([again.exitCode, again.stdout]).toEqual([0, ""]);
    expect(again.stderr).toBe(`glovebox: ${second.id} was revoked already\n`);

    const listed = await list();
    expect(listed).toMatchObject([
      { name: "first", state: "active", rules: {}, last_used_at: expect.any(String) as string },
      {
        name: "second",
        state: "revoked",
        rules: { requests_per_minute: 60, languages: ["python"] },
      },
    ]);
    const table = await keys("list");
    expect(table.stdout.split("\n")[0]).toMatch(
      /^ID +NAME +SCOPES +STATE +CREATED +LAST USED +RULES$/,
    );
    expect(table.stdout).toMatch(/ second +run +revoked .*60\/min, languages python\n/);
    expect(table.stdout).not.toContain("gbx_");
  });

  test("the audit log has who was let in and who no longer is", async () => {
    const { id } = await create("--name", "audited");
    await keys("revoke", id);
    const lines = readFileSync(auditFile, "utf8")
      .split("\n")
      .filter((line) => line.includes(id));
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { event: "key_created", key_id: id, name: "audited" },
      { event: "key_revoked", key_id: id, name: "audited" },
    ]);
    expect(readFileSync(auditFile, "utf8")).not.toContain("gbx_");
  });

  test("names must be clear, and nothing is revoked where one word names no key", async () => {
    const ids = [(await create("--name", "twin")).id, (await create("--name", "twin")).id];
    const twins = await keys("revoke", ids[0] ?? "", "twin");
    expect(twins).toMatchObject({ exitCode: 2, stdout: "" });
    expect(twins.stderr).toContain("several keys have the name `twin`");
    expect(twins.stderr).toContain(ids.join(", "));
    const unknown = await keys("revoke", ids[0] ?? "", "nobody");
    expect(unknown).toMatchObject({ exitCode: 2, stdout: "" });
    expect(unknown.stderr).toContain("KEY: there is no key `nobody`");
    expect((await list()).filter(({ name }) => name === "twin")).toMatchObject([
      { state: "active" },
      { state: "active" },
    ]);
  });
});

describe("a secret of one's own", () => {
  const secret = "0123456789abcdef-own";

  test("comes from a file or stdin, is shown nowhere, and is taken once", async () => {
    const file = join(folder.path, "secret");
    writeFileSync(file, `${secret}\n`);
    const made = await keys("create", "--secret-file", file);
    expect(made).toMatchObject({ exitCode: 0, stdout: "" });
    const again = await glovebox(["keys", "create", "--secret-file", "-", "--json"], {
      env,
      cwd: folder.path,
      stdin: secret,
    });
    expect(again.exitCode).not.toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ error: { code: "CONFLICT" } });
    for (const { stdout, stderr } of [made, again]) {
      expect(`${stdout}${stderr}`).not.toContain(secret);
    }
  });

  test.each([
    ["a missing file", "nowhere", "", /--secret-file: `nowhere` can't be read \(ENOENT\)/],
    ["a short one", "-", "short", /secret: must be 16 to 256 printable ASCII/],
    ["a long one", "-", "x".repeat(100_000), /secret: must be 16 to 256/],
  ])("is refused: %s", async (_name, file, stdin, message) => {
    const { exitCode, stdout, stderr } = await glovebox(["keys", "create", "--secret-file", file], {
      env,
      cwd: folder.path,
      stdin,
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(message);
  });
});

test("the database is the one that `serve` would use, and for its owner alone", async () => {
  const elsewhere = join(folder.path, "elsewhere");
  const other = join(folder.path, "other");
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, "glovebox.yaml"), `storage: { folder: ${other} }\n`);
  // It would win over the file.
  const ofFile = { env: { GLOVEBOX_STORAGE_FOLDER: undefined } };
  const made = await glovebox(["keys", "create", "--name", "here"], { cwd: elsewhere, ...ofFile });
  expect(made.exitCode).toBe(0);
  expect(statSync(other).mode & 0o777).toBe(0o700);
  expect(statSync(join(other, "glovebox.db")).mode & 0o777).toBe(0o600);
  const byFlag = await keys("list", "--storage", other);
  expect(byFlag.stdout).toContain("here");
  const byFile = await glovebox(["keys", "list", "--config", "elsewhere/glovebox.yaml"], {
    cwd: folder.path,
    ...ofFile,
  });
  expect(byFile.stdout).toBe(byFlag.stdout);
});

test("a caller's secret for callbacks stays what it is, and is nobody else's", async () => {
  const { id } = await create("--name", "called");
  const shown = await Promise.all(["called", id].map((word) => keys("callback-secret", word)));
  const [first, second] = shown.map(({ stdout }) => stdout);
  expect(first).toMatch(/^gbs_[\w-]{43}\n$/);
  expect(second).toBe(first);
  const anybody = await keys("callback-secret");
  expect(anybody.stdout).toMatch(/^gbs_/);
  expect(anybody.stdout).not.toBe(first);
  const unknown = await keys("callback-secret", "nobody");
  expect(unknown).toMatchObject({ exitCode: 2, stdout: "" });
});
