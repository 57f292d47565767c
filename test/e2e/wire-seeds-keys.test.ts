import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { request, startServer, type RunningServer } from "./http-fixture.ts";

const text: unknown = expect.any(String);
const program = { language: "bash", code: "read -r a; echo $((a * 2))" };

describe("a server with keys", () => {
  const headers = { "content-type": "application/json" };
  const key = { "x-api-key": "moved-from-isobox" };
  const otherKey = { "x-api-key": "also-moved-from-isobox" };
  let guarded: RunningServer;
  beforeAll(async () => {
    guarded = await startServer(
      { server: { auth: "required" } },
      () => undefined,
      async ({ keyring }) => {
        const own = { scopes: ["run"], now: Date.now() } as const;
        const rules = { executionsPerDay: 2, maxLimits: { wallTimeMs: 1500 } };
        await keyring.create({ ...own, name: "a", rules, secret: key["x-api-key"] });
        await keyring.create({ ...own, name: "b", rules: {}, secret: otherKey["x-api-key"] });
      },
    );
  });
  afterAll(async () => {
    await guarded[Symbol.asyncDispose]();
  });

  const post = async (path: string, body: object, more: Record<string, string> = {}) =>
    request(`${guarded.url}${path}`, {
      method: "POST",
      headers: { ...headers, ...more },
      body: JSON.stringify(body),
    });

  test.each<[string, Record<string, string>, object]>([
    [
      "no key",
      {},
      { error: "API Key not provided", message: "Please provide an X-API-Key header" },
    ],
    [
      "another key",
      { "x-api-key": "default-key" },
      { error: "Invalid API Key", message: "The provided API key is not valid" },
    ],
  ])("%s is a 401", async (_name, more, wanted) => {
    for (const path of ["/execute", "/api/v1/execute", "/api/v1/execute/test-cases"]) {
      const answer = await post(path, program, more);
      expect([answer.status, answer.body]).toEqual([401, wanted]);
    }
  });

  test("the other seeds say so in their shapes", async () => {
    expect(await post("/run", {})).toMatchObject({
      status: 401,
      body: { output: text, status: -1 },
    });
    expect(await post("/api/v1/run", {})).toMatchObject({ status: 401, body: { error: text } });
  });

  test("a key's rules hold for test cases", async () => {
    const test_cases = [
      { name: "a", input: "0" },
      { name: "b", input: "9", timeout_seconds: 60 },
    ];
    const body = { language: "bash", code: 'read -r a; sleep "$a"', test_cases };
    const answer = await post("/api/v1/execute", body, key);
    expect(answer.body).toMatchObject({ test_results: [{ exit_code: 0 }, { exit_code: 124 }] });
    const refused = await post("/api/v1/execute", program, key);
    expect(refused.status).toBe(429);
    expect(refused.body).toEqual({ error: "Execution failed", message: text });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  test("test cases never come from its own network", async () => {
    for (const url of [
      "http://127.0.0.1:1/",
      "http://localhost:1/",
      "http://[::1]/",
      "http://169.254.169.254/",
    ]) {
      const test_urls = [{ name: "a", url }];
      const answer = await post("/api/v1/execute/test-urls", { ...program, test_urls }, otherKey);
      const message = expect.stringContaining("no public address") as unknown;
      expect([answer.status, answer.body]).toEqual([
        400,
        { error: "Failed to download test case", message },
      ]);
    }
  });

  test("its state is public, and that of the dedup cache", async () => {
    const status = { authenticated: false, message: "Authentication status endpoint" };
    const keyed = { ...status, auth_enabled: true, auth_type: "apikey" };
    const ask = async (url: string, more = {}): Promise<unknown> =>
      (await request(url, { headers: more })).body;
    expect(await ask(`${guarded.url}/auth/status`)).toEqual(keyed);
    expect(await ask(`${guarded.url}/auth/status`, key)).toEqual({ ...keyed, authenticated: true });
    expect(await ask(`${guarded.url}/admin/dedup/stats`)).toEqual({
      dedup_enabled: false,
      message: "Deduplication not implemented in simplified version",
    });
  });
});

describe("test cases from elsewhere", () => {
  const program = { language: "bash", code: "cat" };
  const asked: (string | undefined)[] = [];
  const elsewhere = createServer(({ url }, response) => {
    asked.push(url);
    response.writeHead(url === "/missing" ? 404 : 200).end(url);
  });
  const keys = {
    "has-had-its-executions": { executionsPerDay: 1 },
    "has-sent-its-requests": { requestsPerMinute: 1 },
    "has-two-executions-a-day": { executionsPerDay: 2 },
    "may-run-all-that-fits": {},
  };
  let guarded: RunningServer;
  beforeAll(async () => {
    await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
    guarded = await startServer(
      {
        server: { auth: "required" },
        callbacks: { allowPrivate: true },
        ...{ concurrency: 1, maxQueued: 0 },
      },
      () => undefined,
      async ({ keyring }) => {
        for (const [secret, rules] of Object.entries(keys))
          await keyring.create({ name: secret, scopes: ["run"], rules, secret, now: Date.now() });
      },
    );
  });
  beforeEach(async () => {
    asked.length = 0;
    await untilFree();
  });
  afterAll(async () => {
    await guarded[Symbol.asyncDispose]();
    elsewhere.close();
  });

  const post = async (path: string, key: keyof typeof keys, body: object) =>
    request(`${guarded.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": key },
      body: JSON.stringify(body),
    });
  const runUrls = async (key: keyof typeof keys, ...paths: readonly string[]) => {
    const { port } = elsewhere.address() as AddressInfo;
    const test_urls = paths.map((path) => ({ name: path, url: `http://127.0.0.1:${port}${path}` }));
    return post("/api/v1/execute/test-urls", key, { ...program, test_urls });
  };

  /** A slot is free again only when its sandbox is gone. */
  const untilFree = async () => expect.poll(() => guarded.service.slotStats().running).toBe(0);
  const refused = (reason: string): object => ({
    status: 429,
    body: { error: "Execution failed", message: expect.stringContaining(reason) as unknown },
  });

  test("are not fetched for who has had its executions", async () => {
    const key = "has-had-its-executions";
    expect(await runUrls(key, "/a", "/b")).toMatchObject(refused("1 executions a day"));
    expect(asked).toEqual([]);
    // It was refused, so it cost nothing.
    expect(await runUrls(key, "/a")).toMatchObject({ status: 200 });
    expect(asked).toEqual(["/a"]);
  });

  test("are not fetched for who has sent too many requests", async () => {
    const key = "has-sent-its-requests";
    expect(await runUrls(key, "/a")).toMatchObject({ status: 200 });
    expect(await runUrls(key, "/b")).toMatchObject(refused("1 requests a minute"));
    expect(asked).toEqual(["/a"]);
  });

  test("are not fetched where there is no room, and cost nothing then", async () => {
    const { executions } = guarded.kept;
    const body = { language: "bash", code: "sleep 60" };
    const occupied = await post("/v1/executions", "may-run-all-that-fits", body);
    const { id } = occupied.body as { id: string };
    await expect.poll(() => executions.find(id).state).toBe("running");
    const key = "has-two-executions-a-day";
    expect(await runUrls(key, "/a")).toMatchObject(refused("the queue is full"));
    expect(asked).toEqual([]);
    await executions.cancel(id, AbortSignal.timeout(10_000));
    await untilFree();
    expect(await runUrls(key, "/b")).toMatchObject({ status: 200 });
    await untilFree();
    expect(await runUrls(key, "/missing")).toMatchObject({ status: 400 });
    expect(await runUrls(key, "/c")).toMatchObject(refused("2 executions a day"));
    expect(asked).toEqual(["/b", "/missing"]);
  });
});
