import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { request, startServer, type RunningServer } from "./http-fixture.ts";

const text: unknown = expect.any(String);
const program = { language: "bash", code: "read -r a; echo $((a * 2))" };

describe("a server with keys", () => {
  const headers = { "content-type": "application/json" };
  const key = { "x-api-key": "moved-from-isobox" };
  let guarded: RunningServer;
  beforeAll(async () => {
    guarded = await startServer(
      { server: { auth: "required" } },
      () => undefined,
      async ({ keyring }) => {
        const rules = { executionsPerDay: 2, maxLimits: { wallTimeMs: 300 } };
        const secret = key["x-api-key"];
        await keyring.create({ name: "a", scopes: ["run"], rules, secret, now: Date.now() });
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
      const answer = await post("/api/v1/execute/test-urls", { ...program, test_urls }, key);
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
