/**
 * @module
 * Programs behind links: who makes, opens and removes them, and how many there may be.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WrittenConfig } from "../../src/config/load-config.ts";
import { request, startServer, type Answer, type RunningServer } from "./http-fixture.ts";

const program = {
  language: "python",
  version: "3",
  files: [
    { path: "main.py", content: "<script>alert(1)</script>\u202e" },
    { path: "data/bytes", content: "AP8=", encoding: "base64" },
  ],
  entry: "main.py",
  stdin: "in\n",
  args: ["one", "two words"],
  limits: { wall_time_ms: 2000 },
  network: "none",
} as const;

interface Made {
  readonly id: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly delete_key: string;
  readonly path: string;
}

const send = async (
  server: RunningServer,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  request(`${server.url}/v1/shares`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const make = async (server: RunningServer, more: object = {}): Promise<Made> => {
  const { status, body } = await send(server, { ...program, ...more });
  expect(status).toBe(201);
  return body as Made;
};
const open = async (server: RunningServer, id: string): Promise<Answer> =>
  request(`${server.url}/v1/shares/${id}`);
const remove = async (
  server: RunningServer,
  id: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> => request(`${server.url}/v1/shares/${id}`, { method: "DELETE", headers });

describe("on a server that needs no key", () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer({});
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  test("a program comes back as it was given, as JSON that no browser runs", async () => {
    const { id, created_at, expires_at, path } = await make(server, {
      title: "Two",
      forked_from: "x",
    });
    expect(path).toBe(`/s/${id}`);
    expect(Date.parse(expires_at) - Date.parse(created_at)).toBe(90 * 86_400_000);
    const { status, body, headers } = await open(server, id);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id, title: "Two", forked_from: "x", program });
    expect(headers.get("content-type")).toMatch(/^application\/json/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
  });

  test("links can't be guessed, and never are the same", async () => {
    const made = await Promise.all(Array.from({ length: 20 }, async () => make(server)));
    const ids = made.map(({ id }) => id);
    expect(new Set(ids).size).toBe(20);
    for (const id of ids) expect(id).toMatch(/^[1-9A-HJ-NP-Za-km-z]{12}$/);
    const firsts = new Set(ids.map((id) => id.slice(0, 3)));
    expect(firsts.size).toBeGreaterThan(10);
  });

  test.each(["111111111111", "0", "../../health", "%00", "a".repeat(64), "zwölf"])(
    "there is nothing behind %j",
    async (id) => {
      const { status, body } = await open(server, encodeURIComponent(id));
      expect(status).toBe(404);
      expect(body).toMatchObject({ error: { code: "SHARE_NOT_FOUND" } });
    },
  );

  test("the key that was told removes it, any other does not", async () => {
    const { id, delete_key: key } = await make(server);
    const other = await make(server);
    for (const wrong of [undefined, "", "x", `${key}x`, other.delete_key]) {
      const headers = wrong === undefined ? {} : { "share-delete-key": wrong };
      expect((await remove(server, id, headers)).status).toBe(403);
    }
    expect((await open(server, id)).status).toBe(200);
    expect((await remove(server, id, { "share-delete-key": key })).status).toBe(204);
    expect((await open(server, id)).status).toBe(404);
    expect((await remove(server, id, { "share-delete-key": key })).status).toBe(404);
  });

  test.each([
    ["no files", { language: "python" }, "files"],
    ["an unknown field", { ...program, host_files: "ask" }, "host_files"],
    [
      "a path out of its folder",
      { ...program, files: [{ path: "../x", content: "" }], entry: undefined },
      "files[0].path",
    ],
    [
      "a limit above the most",
      { ...program, limits: { wall_time_ms: 1e9 } },
      "limits.wall_time_ms",
    ],
    ["a long title", { ...program, title: "x".repeat(121) }, "title"],
    ["a title that turns words round", { ...program, title: "a\u202eb" }, "title"],
  ])("what has %s is refused", async (_, body, path) => {
    const { status, body: answer } = await send(server, body);
    expect(status).toBe(400);
    expect(answer).toMatchObject({
      error: { code: "INVALID_REQUEST", details: { issues: [{ path }] } },
    });
  });

  test("a network that the operator does not allow, and a language that nobody knows, are refused", async () => {
    expect((await send(server, { ...program, network: "all" })).status).toBe(403);
    expect((await send(server, { ...program, language: "klingon" })).status).toBe(400);
  });
});

const withServer = async (
  config: WrittenConfig,
  body: (server: RunningServer) => Promise<void>,
): Promise<void> => {
  await using server = await startServer(config);
  await body(server);
};

describe("bounds", () => {
  test("of one program", async () => {
    await withServer({ shares: { maxSize: 1024 } }, async (server) => {
      const content = "x".repeat(1024);
      const { status, body } = await send(server, {
        ...program,
        files: [{ path: "main.py", content }],
      });
      expect(status).toBe(413);
      expect(body).toMatchObject({
        error: { code: "BODY_TOO_LARGE", details: { maxBytes: 1024 } },
      });
    });
  });

  test("of all programs: what is there stays", async () => {
    await withServer({ shares: { maxTotal: 400 } }, async (server) => {
      const { id } = await make(server);
      const { status, body } = await send(server, program);
      expect(status).toBe(429);
      expect(body).toMatchObject({ error: { code: "CAPACITY_EXHAUSTED" } });
      expect((await open(server, id)).status).toBe(200);
    });
  });

  test("of an hour", async () => {
    await withServer({ shares: { perHour: 2 } }, async (server) => {
      await make(server);
      await make(server);
      const { status, body, headers } = await send(server, program);
      expect(status).toBe(429);
      expect(body).toMatchObject({ error: { code: "RATE_LIMITED", details: { limit: 2 } } });
      expect(Number(headers.get("retry-after"))).toBeGreaterThan(3500);
    });
  });

  test("of an hour, for all addresses that whoever has one of IPv6 has", async () => {
    const config: WrittenConfig = {
      server: { trustedProxies: ["127.0.0.1"] },
      shares: { perHour: 1 },
    };
    await withServer(config, async (server) => {
      const from = async (address: string): Promise<number> =>
        (await send(server, program, { "x-forwarded-for": address })).status;
      expect(await from("2001:db8:1:2::1")).toBe(201);
      expect(await from("2001:db8:1:2:ffff::2")).toBe(429);
      expect(await from("2001:db8:1:3::1")).toBe(201);
      expect(await from("192.0.2.1")).toBe(201);
      expect(await from("192.0.2.2")).toBe(201);
      expect(await from("::ffff:192.0.2.2")).toBe(429);
    });
  });

  test("of time, since it was last opened", async () => {
    await withServer({ shares: { maxAge: "1s" } }, async (server) => {
      const { id } = await make(server);
      const deadline = Date.now() + 10_000;
      while ((await open(server, id)).status !== 404 && Date.now() < deadline);
      expect((await open(server, id)).status).toBe(404);
    });
  });

  test("an operator can have none at all", async () => {
    await withServer({ shares: { enabled: false } }, async (server) => {
      const { status, body } = await send(server, program);
      expect(status).toBe(404);
      expect(body).toMatchObject({ error: { code: "NOT_FOUND" } });
    });
  });
});

test("they outlive the server", async () => {
  const folder = mkdtempSync(join(tmpdir(), "glovebox-shares-test-"));
  try {
    let id = "";
    await withServer({ storage: { folder } }, async (server) => {
      ({ id } = await make(server));
    });
    await withServer({ storage: { folder } }, async (server) => {
      expect((await open(server, id)).body).toMatchObject({ program });
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe("on a server that needs keys", () => {
  let server: RunningServer;
  const secret = (name: string): Record<string, string> => ({
    "x-api-key": `secret-of-${name}-key`,
  });
  beforeAll(async () => {
    server = await startServer(
      { server: { auth: "required" } },
      () => undefined,
      async ({ keyring }) => {
        const now = Date.now();
        const keys = { ada: ["run"], bob: ["run"], root: ["run", "admin"] } as const;
        for (const [name, scopes] of Object.entries(keys)) {
          const rules = name === "bob" ? { languages: ["bash"] } : {};
          await keyring.create({ name, scopes, rules, now, secret: `secret-of-${name}-key` });
        }
      },
    );
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  test("it takes one to make a link, within its rules, and none to open it", async () => {
    expect((await send(server, program)).status).toBe(401);
    expect((await send(server, program, secret("bob"))).status).toBe(403);
    const { status, body } = await send(server, program, secret("ada"));
    expect(status).toBe(201);
    expect((await open(server, (body as Made).id)).status).toBe(200);
  });

  test("who made it, and administrators, may remove it; others may not", async () => {
    const { body } = await send(server, program, secret("ada"));
    const { id } = body as Made;
    expect((await remove(server, id)).status).toBe(403);
    expect((await remove(server, id, secret("bob"))).status).toBe(403);
    expect((await remove(server, id, secret("ada"))).status).toBe(204);
    const { body: second } = await send(server, program, secret("ada"));
    expect((await remove(server, (second as Made).id, secret("root"))).status).toBe(204);
  });
});
