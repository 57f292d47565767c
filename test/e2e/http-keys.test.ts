/**
 * @module
 * Who may call, and what a key allows.
 */
import { once } from "node:events";
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { NewKey } from "../../src/storage/keys-store.ts";
import { rawConnection, startServer, type RunningServer } from "./http-fixture.ts";

const origin = "https://app.example";
const MIB = 2 ** 20;

/** What keys there are, by their name, which is a part of their secret. */
const madeKeys = {
  ada: {},
  bob: {},
  root: { scopes: ["run", "admin"] },
  watcher: { scopes: ["admin"] },
  revoked: {},
  expired: { expiresAtMs: 1 },
  python: { rules: { languages: ["python"] } },
  docker: { rules: { providers: ["docker"] } },
  offline: { rules: { network: ["none"] } },
  small: { rules: { maxLimits: { memoryBytes: 64 * MIB, wallTimeMs: 300 } } },
  large: { rules: { maxLimits: { wallTimeMs: 3_600_000 } } },
  slow: { rules: { requestsPerMinute: 3 } },
  two: { rules: { maxConcurrent: 2 } },
  daily: { rules: { executionsPerDay: 3 } },
} as const satisfies Record<string, Partial<NewKey>>;
type KeyName = keyof typeof madeKeys;

const secretOf = (name: KeyName): string => `secret-of-${name}-key`;
const bearer = (name: KeyName): Record<string, string> => ({
  authorization: `Bearer ${secretOf(name)}`,
});

let server: RunningServer;
beforeAll(async () => {
  server = await startServer(
    {
      server: { auth: "required", corsOrigins: [origin] },
      concurrency: 4,
      network: { allowed: ["none", "all"] },
      limits: { max: { wallTime: "1m" } },
      logLevel: "trace",
    },
    () => undefined,
    async ({ keyring }) => {
      for (const [name, parts] of Object.entries(madeKeys)) {
        const now = Date.now();
        const secret = secretOf(name as KeyName);
        const { id } = await keyring.create({
          ...{ name, scopes: ["run"], rules: {}, now, secret },
          ...parts,
        });
        if (name === "revoked") await keyring.revoke(id, now);
      }
    },
  );
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  expect(server.faults).toEqual([]);
  // At the level that tells the most.
  expect(server.log()).not.toMatch(/secret-of-/);
});

interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: unknown;
}

/** Sends the headers as they are: `fetch` has its own mind about those of browsers. */
async function ask(
  path: string,
  {
    method = "GET",
    headers = {},
    body,
    url = server.url,
  }: { method?: string; headers?: Record<string, string>; body?: object; url?: string } = {},
): Promise<RawAnswer> {
  const sent = httpRequest(`${url}${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    timeout: 30_000,
  });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of answer.setEncoding("utf8")) text += chunk as string;
  const isJson = answer.headers["content-type"]?.startsWith("application/json") === true;
  const { statusCode: status = 0, headers: got } = answer;
  return { status, headers: got, text, body: isJson ? (JSON.parse(text) as unknown) : undefined };
}

const bash = (code: string, more: object = {}): object => ({ language: "bash", code, ...more });
const post = (path: string, body: object, as: KeyName): Promise<RawAnswer> =>
  ask(path, { method: "POST", body, headers: bearer(as) });

const codeOf = ({ status, body }: RawAnswer): unknown => [
  status,
  (body as { error?: { code?: string } } | undefined)?.error?.code,
];

describe("without a good key", () => {
  test("a request is told how to send one", async () => {
    const answer = await ask("/v1/info");
    expect(codeOf(answer)).toEqual([401, "UNAUTHENTICATED"]);
    expect(answer.headers["www-authenticate"]).toBe("Bearer");
    expect(answer.body).toMatchObject({
      error: {
        message: expect.stringContaining("Send `Authorization: Bearer KEY`") as string,
        details: { reason: "missing" },
      },
    });
  });

  test("nobody learns whether a key is unknown, revoked or expired", async () => {
    const texts = new Set<string>();
    for (const secret of [
      secretOf("revoked"),
      secretOf("expired"),
      "secret-of-nobody-key",
      `${secretOf("ada")}x`,
      secretOf("ada").toUpperCase(),
      "x",
      "x".repeat(2000),
      "ключ-ключ-ключ-ключ",
    ]) {
      const headers = { "x-api-key": Buffer.from(secret).toString("latin1") };
      const answer = await ask("/v1/executions", { headers });
      // One that no key can be is as good as none.
      if (secret.length > 1024) expect(answer.status).toBe(401);
      else texts.add(`${answer.status} ${answer.text}`);
    }
    expect(texts.size).toBe(1);
    expect([...texts][0]).toMatch(/^401 .*"reason":"invalid"/);
  });

  test.each([
    ["POST", "/v1/execute"],
    ["POST", "/v1/executions"],
    ["POST", "/v1/executions/batch"],
    ["GET", "/v1/executions"],
    ["GET", "/v1/executions/x"],
    ["DELETE", "/v1/executions/x"],
    ["POST", "/v1/executions/x/cancel"],
    ["GET", "/v1/executions/x/events"],
    ["GET", "/v1/executions/x/attach"],
    ["GET", "/v1/sandbox"],
    ["GET", "/v1/languages"],
    ["GET", "/metrics"],
    ["GET", "/v1/admin/overview"],
    ["POST", "/execute"],
    ["POST", "/run"],
    ["POST", "/api/v1/run"],
    ["POST", "/api/v2/execute"],
    ["GET", "/api/v2/connect"],
    ["POST", "/judge0/submissions"],
    ["GET", "/judge0/workers"],
  ])("%s %s is refused", async (method, path) => {
    const { status } = await ask(path, {
      method,
      headers: { "x-api-key": "not-a-key-of-anybody" },
    });
    expect(status).toBe(401);
  });

  test.each([
    ["without a key", "/v1/sandbox", [], 401],
    ["with another key", "/v1/executions/x/attach", ["x-api-key: nobody-nobody-nobody"], 401],
    ["from a foreign page", "/v1/sandbox", [`x-api-key: ${secretOf("ada")}`, "origin: null"], 403],
    ["to nowhere", "/v1/nowhere", [`x-api-key: ${secretOf("ada")}`], 404],
  ])("a WebSocket %s leaves no connection", async (_name, path, headers, status) => {
    const { socket, closed } = rawConnection(server.port);
    const upgrade = ["connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13"];
    const key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
    const lines = [`GET ${path} HTTP/1.1`, "host: localhost", ...upgrade, key, ...headers];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    expect(await closed).toContain(`HTTP/1.1 ${status} `);
  });

  test("a load balancer may ask whether the server lives", async () => {
    expect((await ask("/health")).status).toBe(200);
  });
});

describe("a key is taken", () => {
  const secret = secretOf("ada");
  test.each<[string, Record<string, string>, string]>([
    ["as a Bearer", { authorization: `Bearer ${secret}` }, "/v1/info"],
    ["as a bearer in lower case", { authorization: `bearer  ${secret} ` }, "/v1/info"],
    ["from X-API-Key", { "x-api-key": secret }, "/v1/info"],
    [
      "from X-API-Key, beside one that is none",
      { "x-api-key": secret, authorization: "Bearer x" },
      "/v1/info",
    ],
    ["from Judge0's first header", { "x-auth-token": secret }, "/judge0/statuses"],
    ["from Judge0's second header", { "x-auth-user": secret }, "/judge0/statuses"],
    ["from Judge0's query", {}, `/judge0/statuses?X-Auth-Token=${secret}`],
    ["by Judge0's paths as by any other", { "x-api-key": secret }, "/judge0/statuses"],
  ])("%s", async (_name, headers, path) => {
    expect((await ask(path, { headers })).status).toBe(200);
  });

  test.each<[string, Record<string, string>, string]>([
    ["Judge0's headers elsewhere", { "x-auth-token": secret }, "/v1/info"],
    ["a query elsewhere", {}, `/v1/info?X-Auth-Token=${secret}`],
    ["another scheme", { authorization: `Basic ${secret}` }, "/v1/info"],
    ["a word before it", { authorization: `Bearer x ${secret}` }, "/v1/info"],
  ])("but not from %s", async (_name, headers, path) => {
    expect((await ask(path, { headers })).status).toBe(401);
  });

  test("of two keys the one that may do it", async () => {
    const headers = { ...bearer("ada"), "x-api-key": secretOf("root") };
    expect((await ask("/metrics", { headers })).status).toBe(200);
  });
});

describe("scopes", () => {
  test("`run` is for one's own programs alone", async () => {
    const answer = await ask("/metrics", { headers: bearer("ada") });
    expect(codeOf(answer)).toEqual([403, "NOT_ALLOWED"]);
    expect(answer.text).toContain("the scope `admin`; yours has run");
  });

  test("`admin` is for the server, not for programs", async () => {
    expect((await ask("/metrics", { headers: bearer("watcher") })).status).toBe(200);
    expect(codeOf(await post("/v1/execute", bash("true"), "watcher"))).toEqual([
      403,
      "NOT_ALLOWED",
    ]);
  });

  test("executions are their caller's, and administrators'", async () => {
    const { body } = await post("/v1/executions", bash("read x", { interactive: true }), "ada");
    const { id } = body as { id: string };
    const path = `/v1/executions/${id}`;
    const as = (name: KeyName, method: string, tail = ""): Promise<RawAnswer> =>
      ask(`${path}${tail}`, { method, headers: bearer(name) });
    for (const [method, tail] of [
      ["GET", ""],
      ["POST", "/cancel"],
      ["DELETE", ""],
      ["GET", "/events"],
    ] as const) {
      const answer = await as("bob", method, tail);
      expect(codeOf(answer)).toEqual([404, "EXECUTION_NOT_FOUND"]);
    }
    const attached = new WebSocket(`${server.url}${path}/attach`, { headers: bearer("bob") });
    const [code, reason] = (await once(attached, "close")) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([1008, "EXECUTION_NOT_FOUND"]);

    const listed = await ask("/v1/executions", { headers: bearer("bob") });
    expect(listed.text).not.toContain(id);
    const byId = await ask(`/v1/executions?ids=${id}`, { headers: bearer("bob") });
    expect(byId.body).toMatchObject({ executions: [null] });

    expect((await as("ada", "GET")).status).toBe(200);
    const all = await ask("/v1/executions", { headers: bearer("root") });
    expect(all.text).toContain(id);
    expect(await as("root", "POST", "/cancel")).toMatchObject({
      status: 200,
      body: { state: "canceled" },
    });
  });

  test("one key's idempotency keys are not another's", async () => {
    const submit = async (name: KeyName): Promise<string> => {
      const headers = { ...bearer(name), "idempotency-key": "order-1" };
      const answer = await ask("/v1/executions", { method: "POST", body: bash("true"), headers });
      return (answer.body as { id: string }).id;
    };
    const first = await submit("ada");
    expect(await submit("ada")).toBe(first);
    expect(await submit("bob")).not.toBe(first);
  });
});

describe("rules", () => {
  test.each<[KeyName, object, string, RegExp]>([
    [
      "python",
      { language: "bash", code: "true" },
      "language",
      /your key allows python, not "bash"/,
    ],
    [
      "docker",
      { language: "bash", code: "true" },
      "provider",
      /your key allows docker, not "process"/,
    ],
    ["offline", bash("true", { network: "all" }), "network", /your key allows none, not "all"/],
    [
      "small",
      bash("true", { limits: { memory_bytes: 64 * MIB + 1 } }),
      "limits.memory_bytes",
      /your key allows at most 67108864, not 67108865/,
    ],
  ])("of the key `%s` refuse %j", async (name, body, field, message) => {
    for (const path of ["/v1/execute", "/v1/executions"]) {
      const answer = await post(path, body, name);
      expect(answer).toMatchObject({
        status: 403,
        body: { error: { code: "NOT_ALLOWED", message: expect.stringMatching(message) as string } },
      });
      expect(answer.body).toMatchObject({ error: { details: { field } } });
    }
    const batch = await post("/v1/executions/batch", { executions: [body] }, name);
    expect(batch.body).toMatchObject({ executions: [{ error: { details: { field } } }] });
  });

  test.each<[KeyName, object]>([
    ["python", { language: "py", code: "1" }],
    ["offline", bash("true")],
    ["small", bash("true", { limits: { memory_bytes: 64 * MIB } })],
    ["ada", bash("true", { network: "all" })],
  ])("of the key `%s` let %j through", async (name, body) => {
    expect((await post("/v1/executions", body, name)).status).toBe(202);
  });

  test("hold also for who asks for nothing", async () => {
    const { body } = await post("/v1/execute", bash("sleep 20"), "small");
    expect(body).toMatchObject({ run: { outcome: "wall_time" } });
  });

  test("raise nothing above what the server allows", async () => {
    const limits = { wall_time_ms: 60_001 };
    expect(codeOf(await post("/v1/execute", bash("true", { limits }), "large"))).toEqual([
      400,
      "INVALID_REQUEST",
    ]);
  });

  test("of the wires' callers are the same", async () => {
    const piston = { language: "bash", version: "*", files: [{ content: "true" }] };
    expect((await post("/api/v2/execute", piston, "python")).status).toBeGreaterThanOrEqual(400);
    const judge0 = { language_id: 46, source_code: "true" };
    expect((await post("/judge0/submissions", judge0, "python")).status).toBeGreaterThanOrEqual(
      400,
    );
  });
});

describe("what a key may have", () => {
  test("in a minute: more is refused, of this key alone", async () => {
    const get = async (name: KeyName): Promise<RawAnswer> =>
      ask("/v1/languages", { headers: bearer(name) });
    for (let count = 0; count < 3; count++) expect((await get("slow")).status).toBe(200);
    const refused = await get("slow");
    expect(codeOf(refused)).toEqual([429, "RATE_LIMITED"]);
    expect(refused.body).toMatchObject({ error: { details: { limit: 3 } } });
    const retryAfter = Number(refused.headers["retry-after"]);
    expect(retryAfter).toBeGreaterThanOrEqual(1);
    expect(retryAfter).toBeLessThanOrEqual(60);
    expect(refused.headers).toMatchObject({
      "x-ratelimit-limit": "3",
      "x-ratelimit-remaining": "0",
    });
    const socket = new WebSocket(`${server.url}/v1/sandbox`, { headers: bearer("slow") });
    expect(await refusalOf(socket)).toBe(429);
    expect((await get("ada")).status).toBe(200);
  });

  test("at the same time: more waits, and keeps nobody else from running", async () => {
    const submit = async (code: string, name: KeyName): Promise<string> => {
      const { body } = await post("/v1/executions", bash(code, { interactive: true }), name);
      return (body as { id: string }).id;
    };
    const stateOf = (id: string): string | undefined => server.kept.executions.find(id).state;
    const [first, second, third] = [
      await submit("read x", "two"),
      await submit("read x", "two"),
      await submit("read x", "two"),
    ];
    const other = await submit("true", "ada");
    await ask(`/v1/executions/${other}?wait=20`, { headers: bearer("ada") });
    await expect.poll(() => stateOf(second)).toBe("running");
    expect([first, second, third, other].map(stateOf)).toEqual([
      "running",
      "running",
      "queued",
      "finished",
    ]);
    await ask(`/v1/executions/${first}/cancel`, { method: "POST", headers: bearer("two") });
    await expect.poll(() => stateOf(third)).toBe("running");
    for (const id of [second, third]) {
      await ask(`/v1/executions/${id}/cancel`, { method: "POST", headers: bearer("two") });
    }
  });

  test("in a day: what is refused costs nothing, and midnight is when to come back", async () => {
    const execute = async (body: object): Promise<RawAnswer> => post("/v1/execute", body, "daily");
    const batch = async (...executions: readonly object[]): Promise<RawAnswer> =>
      post("/v1/executions/batch", { executions }, "daily");
    const good = bash("true");
    const bad = { language: "nope", code: "" };
    for (let count = 0; count < 4; count++) expect((await execute(bad)).status).toBe(400);
    expect((await batch(good, bad, 7 as unknown as object)).status).toBe(202);
    expect((await execute(good)).status).toBe(200);
    // Two more would be four: none of them is taken.
    expect(codeOf(await batch(good, good))).toEqual([429, "QUOTA_EXHAUSTED"]);
    expect((await execute(good)).status).toBe(200);

    const refused = await execute(good);
    const untilMidnightS = (86_400_000 - (Date.now() % 86_400_000)) / 1000;
    expect(codeOf(refused)).toEqual([429, "QUOTA_EXHAUSTED"]);
    const retryAfter = Number(refused.headers["retry-after"]);
    expect(Math.abs(retryAfter - untilMidnightS)).toBeLessThan(30);
    expect((await ask("/v1/info", { headers: bearer("daily") })).status).toBe(200);
    expect(server.kept.executions.count({})).toBeGreaterThan(0);
  });
});

/** The status with which the upgrade was refused. */
async function refusalOf(socket: WebSocket): Promise<number | undefined> {
  socket.on("error", () => undefined);
  const [, answer] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
  answer.resume();
  socket.terminate();
  return answer.statusCode;
}

describe("web pages", () => {
  const preflight = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type",
  };

  test("of an allowed origin may ask without a key whether they may ask", async () => {
    const answer = await ask("/v1/execute", {
      method: "OPTIONS",
      headers: { origin, ...preflight },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers["access-control-allow-origin"]).toBe(origin);
    expect(answer.headers["access-control-allow-headers"]).toContain("authorization");
    expect(answer.headers["access-control-allow-methods"]).toContain("DELETE");
    expect(answer.headers["access-control-allow-credentials"]).toBeUndefined();
  });

  test("of an allowed origin may read answers, refusals too", async () => {
    const headers = { origin, ...bearer("ada") };
    const { body, ...ran } = await ask("/v1/executions", {
      method: "POST",
      body: bash("true"),
      headers,
    });
    const { id } = body as { id: string };
    for (const answer of [
      ran,
      await ask("/v1/info", { headers }),
      await ask(`/v1/executions/${id}/events`, { headers }),
      await ask("/v1/info", { headers: { origin } }),
      await ask("/v1/executions/x", { headers }),
    ]) {
      expect(answer.headers["access-control-allow-origin"]).toBe(origin);
      expect(answer.headers["vary"]).toMatch(/origin/i);
    }
    const socket = new WebSocket(`${server.url}/v1/executions/${id}/attach`, { headers });
    await once(socket, "close");
  });

  test("of the server's own address may call", async () => {
    const headers = { origin: server.url, ...bearer("ada") };
    expect((await ask("/v1/info", { headers })).status).toBe(200);
  });

  test.each([
    "https://evil.example",
    "http://app.example",
    "https://app.example.evil.example",
    "https://app.example:8443",
    "null",
    "file://",
    "x",
    "http://127.0.0.1:1",
    "http://localhost",
  ])("of %s may not, whatever their key", async (foreign) => {
    const headers = { origin: foreign, ...bearer("root") };
    const answers = [
      await ask("/v1/info", { headers }),
      await ask("/v1/execute", { method: "POST", body: bash("true"), headers }),
      await ask("/v1/executions/x/events", { headers }),
      await ask("/v1/execute", { method: "OPTIONS", headers: { origin: foreign, ...preflight } }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(403);
      expect(answer.headers["access-control-allow-origin"]).not.toBe(foreign);
      expect(answer.headers["access-control-allow-origin"]).not.toBe("*");
    }
    for (const path of ["/v1/sandbox", "/v1/executions/x/attach", "/api/v2/connect"]) {
      const socket = new WebSocket(`${server.url}${path}`, { headers });
      expect(await refusalOf(socket)).toBe(403);
    }
  });

  test("elsewhere may embed nothing, but a link may be followed", async () => {
    const key = bearer("ada");
    const embedded = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
    expect((await ask("/v1/info", { headers: { ...key, ...embedded } })).status).toBe(403);
    const frame = { ...embedded, "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" };
    expect((await ask("/v1/info", { headers: { ...key, ...frame } })).status).toBe(403);
    const link = { ...frame, "sec-fetch-dest": "document" };
    expect((await ask("/v1/info", { headers: { ...key, ...link } })).status).toBe(200);
    const own = { ...embedded, "sec-fetch-site": "same-origin" };
    expect((await ask("/v1/info", { headers: { ...key, ...own } })).status).toBe(200);
  });
});

test("an open server on loopback honours the keys that it knows, and no others", async () => {
  const now = Date.now();
  const secret = secretOf("python");
  await using open = await startServer({}, undefined, async ({ keyring }) => {
    await keyring.create({ name: "old", scopes: ["run"], rules: {}, expiresAtMs: 1, now });
    await keyring.create({
      name: "python",
      scopes: ["run"],
      rules: { languages: ["python"] },
      now,
      secret,
    });
  });
  const execute = (headers: Record<string, string>): Promise<RawAnswer> =>
    ask("/v1/execute", { method: "POST", body: bash("true"), headers, url: open.url });
  for (const headers of [
    {},
    { "x-api-key": "what Piston wanted" },
    { authorization: "Basic eDp5" },
  ]) {
    expect((await execute(headers)).status).toBe(200);
  }
  expect(codeOf(await execute(bearer("python")))).toEqual([403, "NOT_ALLOWED"]);
  expect((await execute({ origin: "https://evil.example" })).status).toBe(403);
  expect((await execute({ host: "evil.example" })).status).toBe(403);
  expect(open.log()).not.toMatch(/secret-of-|what Piston wanted/);
});

test("where others can reach the server it wants a key, of any host name", async () => {
  const secret = secretOf("ada");
  await using reachable = await startServer(
    { server: { host: "0.0.0.0" } },
    undefined,
    async (kept) => {
      const key = { name: "a", scopes: ["run"], rules: {}, now: Date.now() } as const;
      // What opens nothing is no key with which anybody could call.
      const { id } = await kept.keyring.create(key);
      await kept.keyring.revoke(id, Date.now());
      await kept.keyring.create({ ...key, expiresAtMs: 1 });
      expect(kept.hasKeys()).toBe(false);
      await kept.keyring.create({ ...key, secret });
      expect(kept.hasKeys()).toBe(true);
    },
  );
  const url = `http://127.0.0.1:${reachable.port}`;
  expect((await ask("/v1/info", { url })).status).toBe(401);
  const headers = { host: "runner.example", "x-api-key": secret };
  expect((await ask("/v1/info", { url, headers })).status).toBe(200);
});
