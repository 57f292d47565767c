/**
 * @module
 * What an operator sees of sandboxes that a server keeps ready: in its metrics, and by `glovebox doctor`.
 */
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { skipUnless } from "../helpers/require.ts";
import { glovebox, linuxGap, serveCli, temporaryFolder, type ServingCli } from "./cli-fixture.ts";

const gap = skipUnless("linux", linuxGap());
const folder = temporaryFolder();
afterAll(() => {
  folder.remove();
});

/** The facts of `glovebox doctor`, by their names. */
async function facts(env: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const { stdout } = await glovebox(["doctor", "--json"], { cwd: folder.path, env });
  const report = JSON.parse(stdout) as { readonly facts: readonly [string, string][] };
  return Object.fromEntries(report.facts);
}

describe.skipIf(gap !== undefined)(`with a server of this user${gap ? ` (${gap})` : ""}`, () => {
  const env = { XDG_STATE_HOME: join(folder.path, "state") };
  let server: ServingCli;
  beforeAll(async () => {
    mkdirSync(env.XDG_STATE_HOME, { mode: 0o700 });
    const storage = join(folder.path, "db");
    server = await serveCli(["--provider", "linux", "--storage", storage], { env });
  });
  afterAll(async () => {
    await server.stop();
  });

  async function run(): Promise<void> {
    const response = await fetch(`${server.url}/v1/execute`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ language: "bash", code: "echo hello" }),
    });
    expect(await response.json()).toMatchObject({ run: { stdout: "hello\n" } });
  }

  async function metric(name: string): Promise<number> {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Number(new RegExp(`^glovebox_${name} (\\S+)$`, "m").exec(text)?.[1]);
  }

  test("its metrics tell that a run found a sandbox ready, and what that took", async () => {
    // Those that ask which languages there are come from the pool, too; they are before a run's end.
    await run();
    const before = await metric("pool_hits_total");
    const hitsOfARun = async (): Promise<number> => {
      await run();
      return (await metric("pool_hits_total")) - before;
    };
    await expect.poll(hitsOfARun, { timeout: 20_000 }).toBeGreaterThan(0);
    await expect.poll(() => metric("pool_ready"), { timeout: 20_000 }).toBeGreaterThan(0);
    expect(await metric("pool_ready_bytes")).toBeGreaterThan(1e6);
    expect(await metric("pool_oldest_age_seconds")).toBeGreaterThan(0);
    expect(await metric("pool_made_total")).toBeGreaterThan(0);
    expect(await metric("pool_make_seconds_total")).toBeGreaterThan(0);
    await expect.poll(() => metric("sandboxes_destroying"), { timeout: 20_000 }).toBe(0);
  });

  test("an administrator is told the same, and which programs wait in them", async () => {
    const pools = async (): Promise<object[]> => {
      const response = await fetch(`${server.url}/v1/admin/overview`);
      return ((await response.json()) as { pools: object[] }).pools;
    };
    const bash = { name: "bash", ready: expect.any(Number) as number, wanted: 0 };
    await expect
      .poll(pools, { timeout: 20_000 })
      .toMatchObject([{ provider: "linux", kinds: expect.arrayContaining([bash]) as object[] }]);
    const isSame = async (): Promise<boolean> => {
      const [pool] = (await pools()) as { hits: number }[];
      return pool?.hits === (await metric("pool_hits_total"));
    };
    await expect.poll(isSame, { timeout: 20_000 }).toBe(true);
  });

  test("doctor tells the same", async () => {
    await expect.poll(() => metric("pool_ready"), { timeout: 20_000 }).toBeGreaterThan(0);
    const { pools } = await facts(env);
    expect(pools).toMatch(
      /^\d+ ready \(\d+ MiB, the oldest for \d+ s\), \d+ % of [\d,]+ that were asked for were ready, built in \d+ ms each, \d+ being destroyed$/,
    );
    const { stdout } = await glovebox(["doctor"], { cwd: folder.path, env });
    expect(stdout).toMatch(/^pools +\d+ ready /m);
  });

  test("one of other surroundings is told nothing", async () => {
    const other = { ...env, XDG_CACHE_HOME: join(folder.path, "other") };
    expect((await facts(other))["pools"]).toMatch(
      /^the server of this user does not answer: it is not of the same build or surroundings; one would keep up to \d+ ready/,
    );
  });
});

describe.skipIf(gap !== undefined)("without one", () => {
  test("doctor tells what one would do, and whether programs can be started ahead", async () => {
    const found = await facts({ XDG_STATE_HOME: join(folder.path, "none") });
    expect(found["pools"]).toMatch(/^no server of this user runs here; one would keep up to \d+/);
    expect(found["ahead"]).toMatch(
      /^(a server can start programs|no program can be started) before /,
    );
  });

  test.each<[string, Buffer | undefined, string]>([
    ["says nothing", undefined, "it gives no answer"],
    ["says anything", Buffer.from("HTTP/1.1 200 OK\r\n\r\n"), "it sends no messages of ours"],
    ["gives no figures", Buffer.from([0, 0, 0, 2, 18, 110, 111]), "it sends no messages of ours"],
    ["gives others", Buffer.from('\0\0\0\x09\x12{"pool":1}'), "it sends no messages of ours"],
    ["speaks of a run", Buffer.from([0, 0, 0, 0, 10]), "it sends no messages of ours"],
  ])("one that %s is no failure", async (what, answer, why) => {
    const state = join(folder.path, what.replaceAll(" ", "-"));
    const place = join(state, "glovebox/local");
    mkdirSync(place, { recursive: true, mode: 0o700 });
    const impostor = createServer((socket) => {
      socket.on("error", () => undefined);
      if (answer !== undefined) socket.end(answer);
    });
    onTestFinished(() => void impostor.close());
    await once(impostor.listen(join(place, "runs.sock")), "listening");
    expect((await facts({ XDG_STATE_HOME: state }))["pools"]).toContain(
      `the server of this user does not answer: ${why}; one would keep`,
    );
  });
});
