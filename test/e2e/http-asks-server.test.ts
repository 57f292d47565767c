/**
 * @module
 * Whose questions they are, and what becomes of them when their server ends.
 */
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLeftoverCheck } from "../helpers/leftovers.ts";
import { skipUnless } from "../helpers/require.ts";
import {
  serveAsking,
  startUpstream,
  toUpstream,
  type AskingServer,
  type Upstream,
} from "./asks-fixture.ts";
import { glovebox, linuxGap, temporaryFolder } from "./cli-fixture.ts";

const gap = skipUnless("linux", linuxGap());
const folder = temporaryFolder();
let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream();
});
afterAll(async () => {
  await upstream[Symbol.asyncDispose]();
  folder.remove();
});

/** Of a server that has nothing in common with others. */
function surroundings(name: string): Record<string, string> {
  const [home, state] = [join(folder.path, name, "home"), join(folder.path, name, "state")];
  mkdirSync(home, { recursive: true });
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const storage = join(folder.path, name, "db");
  return { HOME: home, XDG_STATE_HOME: state, GLOVEBOX_STORAGE_FOLDER: storage };
}

describe.skipIf(gap !== undefined)(`with keys${gap ? ` (${gap})` : ""}`, () => {
  let server: AskingServer;
  const keys: Record<"one" | "other" | "admin" | "offline", string> = {
    ...{ one: "", other: "", admin: "", offline: "" },
  };
  beforeAll(async () => {
    const env = surroundings("keys");
    const create = async (name: string, ...flags: readonly string[]): Promise<string> => {
      const args = ["keys", "create", "--json", "--name", name, ...flags];
      const { stdout } = await glovebox(args, { env });
      return (JSON.parse(stdout) as { secret: string }).secret;
    };
    keys.one = await create("one");
    keys.other = await create("other");
    keys.admin = await create("admin", "--scope", "run,admin");
    keys.offline = await create("offline", "--network", "none");
    server = await serveAsking(["--auth", "required"], {
      ...env,
      GLOVEBOX_PERMISSIONS_FILES: "ask",
    });
  });
  afterAll(async () => {
    await server.serving.stop();
  });

  test("another caller sees no question, and can't answer it; an admin can", async () => {
    const id = await server.submit(toUpstream(upstream), {}, keys.one);
    const ask = await server.nextAsk(id, keys.one);
    expect((await server.call("GET", "/v1/asks", undefined, keys.other)).body).toEqual({
      asks: [],
    });
    const ofOther = [
      await server.call("GET", `/v1/executions/${id}/asks`, undefined, keys.other),
      await server.answer(ask, { answer: "allow" }, keys.other),
    ];
    expect(ofOther.map(({ status }) => status)).toEqual([404, 404]);
    expect(await server.answer(ask, { answer: "allow" })).toMatchObject({ status: 401 });
    const all = await server.call("GET", "/v1/asks", undefined, keys.admin);
    expect(all.body).toEqual({ asks: [ask] });
    expect(await server.answer(ask, { answer: "allow" }, keys.admin)).toMatchObject({
      status: 200,
    });
    // To others it is as if it had never been.
    expect(await server.answer(ask, { answer: "deny" }, keys.other)).toMatchObject({ status: 404 });
    expect(await server.answer(ask, { answer: "deny" }, keys.one)).toMatchObject({ status: 409 });
    expect(await server.ended(id, keys.one)).toMatchObject({
      result: { run: { stdout: "hello\n" } },
    });
  });

  test.each([
    ["the network, where its key may not", "offline", { network: "ask" }, "network"],
    ["files of the server's user, but for an admin", "one", { host_files: "ask" }, "host_files"],
  ] as const)("nobody asks for %s", async (_name, key, more, field) => {
    const body = { language: "bash", code: "true", ...more };
    const answer = await server.call("POST", "/v1/execute", body, keys[key]);
    expect(answer).toMatchObject({
      status: 403,
      body: { error: { code: "NOT_ALLOWED", details: { field } } },
    });
  });

  test("no answer holds for `always` unless the operator says so", async () => {
    const id = await server.submit(toUpstream(upstream), {}, keys.one);
    const ask = await server.nextAsk(id, keys.one);
    expect(await server.answer(ask, { answer: "allow", scope: "always" }, keys.one)).toMatchObject({
      status: 403,
      body: { error: { code: "NOT_ALLOWED" } },
    });
    expect(await server.answer(ask, { answer: "deny" }, keys.one)).toMatchObject({ status: 200 });
    await server.ended(id, keys.one);
  });
});

describe.skipIf(gap !== undefined)("a server that ends while a question is open", () => {
  test("by itself ends at once, leaves nothing, and begins the execution again", async () => {
    const check = await createLeftoverCheck();
    const env = { ...surroundings("stopped"), ...check.env };
    const first = await serveAsking([], { ...env, GLOVEBOX_SHUTDOWN_GRACE: "1m" });
    const id = await first.submit(toUpstream(upstream));
    await first.nextAsk(id);
    const running = first.execute(toUpstream(upstream));
    await expect
      .poll(async () => (await first.call("GET", "/v1/asks")).body)
      .toMatchObject({ asks: [{}, {}] });
    const stream = fetch(`${first.url}/v1/asks`, { headers: { accept: "text/event-stream" } });
    const text = (await stream).text();
    const startedMs = performance.now();
    const { exitCode } = await first.serving.stop();
    expect(exitCode).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    expect(await running).toMatchObject({
      status: 503,
      body: { error: { code: "SHUTTING_DOWN" } },
    });
    await text;
    expect(await check.find()).toEqual([]);
    const second = await serveAsking([], env);
    await second.answer(await second.nextAsk(id), { answer: "allow" });
    expect(await second.ended(id)).toMatchObject({
      attempts: 2,
      result: { run: { stdout: "hello\n" } },
    });
    await second.serving.stop();
  });

  test("by a kill leaves nothing, and the next one asks again", async () => {
    const check = await createLeftoverCheck();
    const env = { ...surroundings("killed"), ...check.env };
    const first = await serveAsking([], env);
    const id = await first.submit(toUpstream(upstream));
    const ask = await first.nextAsk(id);
    first.serving.child.kill("SIGKILL");
    await once(first.serving.child, "close");
    const second = await serveAsking([], env);
    const again = await second.nextAsk(id);
    expect(again.id).not.toBe(ask.id);
    expect(await second.answer(ask, { answer: "allow" })).toMatchObject({ status: 404 });
    await second.answer(again, { answer: "allow" });
    expect(await second.ended(id)).toMatchObject({ result: { run: { stdout: "hello\n" } } });
    await second.serving.stop();
    expect(await check.find()).toEqual([]);
  });

  test("and now allows no questions does not begin it", async () => {
    const env = surroundings("disallowed");
    const first = await serveAsking([], env);
    const id = await first.submit(toUpstream(upstream));
    await first.nextAsk(id);
    await first.serving.stop();
    const second = await serveAsking([], { ...env, GLOVEBOX_NETWORK_ALLOWED: "none" });
    expect(await second.ended(id)).toMatchObject({
      state: "failed",
      error: { code: "NOT_ALLOWED" },
    });
    await second.serving.stop();
  });
});

describe.skipIf(gap !== undefined)("a server whose operator allows no questions", () => {
  test.each([
    [{ network: "ask" }, "network"],
    [{ host_files: "ask" }, "host_files"],
  ] as const)("refuses %j", async (more, field) => {
    const server = await serveAsking([], {
      ...surroundings(field),
      GLOVEBOX_NETWORK_ALLOWED: "none,all",
    });
    const body = { language: "bash", code: "true", ...more };
    expect(await server.call("POST", "/v1/execute", body)).toMatchObject({
      status: 403,
      body: { error: { code: "NOT_ALLOWED", details: { field } } },
    });
    await server.serving.stop();
  });

  test("does not start with a rule that is none", async () => {
    const env = { ...surroundings("rules"), GLOVEBOX_PERMISSIONS_ALLOW: "net" };
    const { exitCode, stderr } = await glovebox(["serve", "--port", "0"], { env });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("permissions.allow");
  });
});
