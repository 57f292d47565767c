/**
 * @module
 * What an administrator sees of a server that works, and who else does not.
 */
import { once } from "node:events";
import { getActiveResourcesInfo } from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NewKey } from "../../src/storage/keys-store.ts";
import {
  rawConnection,
  request,
  startServer,
  type Answer,
  type RunningServer,
} from "./http-fixture.ts";

const madeKeys = {
  root: { scopes: ["run", "admin"] },
  watcher: { scopes: ["admin"] },
  ann: {},
  bob: { rules: { executionsPerDay: 50, requestsPerMinute: 1000 } },
  gone: {},
} as const satisfies Record<string, Partial<NewKey>>;
type KeyName = keyof typeof madeKeys;

const secretOf = (name: KeyName): string => `secret-of-${name}-key`;
const bearer = (name: KeyName) => ({ authorization: `Bearer ${secretOf(name)}` });

const ids = new Map<KeyName, string>();
let server: RunningServer;
beforeAll(async () => {
  server = await startServer(
    { server: { auth: "required" }, concurrency: 1 },
    () => undefined,
    async ({ keyring }) => {
      for (const [name, parts] of Object.entries(madeKeys) as [KeyName, Partial<NewKey>][]) {
        const now = Date.now();
        const made = { name, scopes: ["run"], rules: {}, now, secret: secretOf(name) } as const;
        const { id } = await keyring.create({ ...made, ...parts });
        ids.set(name, id);
        if (name === "gone") await keyring.revoke(id, now);
      }
    },
  );
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  expect(server.faults).toEqual([]);
});

const get = (path: string, as: KeyName = "watcher"): Promise<Answer> =>
  request(`${server.url}${path}`, { headers: bearer(as) });

const post = (path: string, as: KeyName, body?: object): Promise<Answer> =>
  request(`${server.url}${path}`, {
    method: "POST",
    headers: { ...(body && { "content-type": "application/json" }), ...bearer(as) },
    ...(body && { body: JSON.stringify(body) }),
  });

interface Overview {
  readonly slots: { readonly used: number };
  readonly queue: { readonly length: number; readonly oldest_wait_ms: number };
  readonly outcomes: Record<"total" | "recent", Record<string, number>>;
  readonly refusals: Record<"total" | "recent", Record<string, number>>;
  readonly latency: Record<"run" | "queue_wait", { count: number; buckets: { count: number }[] }>;
}

async function overview(): Promise<Overview> {
  const { status, headers, body } = await get("/v1/admin/overview");
  expect([status, headers.get("cache-control")]).toEqual([200, "no-store"]);
  return body as Overview;
}

const waiting = { language: "bash", code: "read secret_of_mine", interactive: true };

async function submit(as: KeyName, body: object = waiting): Promise<string> {
  const { status, body: accepted } = await post("/v1/executions", as, body);
  expect(status).toBe(202);
  return (accepted as { id: string }).id;
}

const cancel = (id: string, as: KeyName): Promise<Answer> =>
  post(`/v1/executions/${id}/cancel`, as);

const paths = ["overview", "history", "events", "executions", "runs", "keys"].map(
  (name) => `/v1/admin/${name}`,
);

describe("who may look", () => {
  test.each(paths)("%s is for administrators alone", async (path) => {
    for (const as of ["ann", "bob"] as const) {
      const { status, body } = await get(path, as);
      expect([status, body]).toMatchObject([403, { error: { code: "NOT_ALLOWED" } }]);
    }
    expect((await get(path, "gone")).status).toBe(401);
    expect((await request(`${server.url}${path}`)).status).toBe(401);
  });

  test("where nobody needs a key, everybody is an administrator", async () => {
    await using open = await startServer();
    const { status, body } = await request(`${open.url}/v1/admin/overview`);
    expect([status, body]).toMatchObject([200, { provider: "process", asks_open: 0 }]);
    expect((await request(`${open.url}/v1/admin/keys`)).body).toEqual({ keys: [], omitted: 0 });
    const { body: accepted } = await open.post("/v1/executions", { language: "bash", code: ":" });
    const listed = await request(`${open.url}/v1/admin/executions`);
    const { id } = accepted as { id: string };
    expect(listed.body).toMatchObject({
      executions: [{ id, caller: "anonymous", caller_name: "anonymous" }],
    });
  });

  test.each(["state=none", "limit=101", "cursor=-1", "ids=x"])(
    "%s is nothing to ask of a list for",
    async (query) => {
      const { status, body } = await get(`/v1/admin/executions?${query}`);
      expect([status, body]).toMatchObject([400, { error: { code: "INVALID_REQUEST" } }]);
    },
  );
});

describe("while one runs and others wait", () => {
  let running: string;
  const queued: string[] = [];
  beforeAll(async () => {
    running = await submit("ann");
    queued.push(await submit("bob"), await submit("bob"));
  });

  test("the overview tells who has what, and for how long the first has waited", async () => {
    await expect.poll(async () => (await overview()).queue.length).toBe(2);
    const seen = await overview();
    expect(seen).toMatchObject({
      version: "1.2.3",
      provider: "process",
      slots: { total: 1, used: 1, held_memory_bytes: expect.any(Number) as number },
      queue: {
        length: 2,
        callers: [
          { caller: ids.get("bob"), name: "bob", queued: 2, running: 0 },
          { caller: ids.get("ann"), name: "ann", queued: 0, running: 1 },
        ],
        callers_omitted: 0,
      },
      pools: [],
    });
    await expect
      .poll(async () => (await overview()).queue.oldest_wait_ms)
      .toBeGreaterThan(seen.queue.oldest_wait_ms);
  });

  test("the history's newest sample says the same", async () => {
    const { body } = await get("/v1/admin/history");
    const { samples } = body as { samples: object[] };
    expect(samples.at(-1)).toMatchObject({ running: 1, queued: 2 });
  });

  test("the list has those of all, without their code, by state and in pages", async () => {
    const listed = await get("/v1/admin/executions?limit=2");
    const { executions, next_cursor: cursor } = listed.body as {
      executions: object[];
      next_cursor: string;
    };
    expect(executions).toMatchObject([
      { id: queued[1], state: "queued", caller: ids.get("bob"), caller_name: "bob", kind: "v1" },
      { id: queued[0], state: "queued", started_at: null },
    ]);
    const rest = await get(`/v1/admin/executions?cursor=${cursor}`);
    expect(rest.body).toMatchObject({
      executions: [{ id: running, state: "running", caller_name: "ann", language: "bash" }],
      next_cursor: null,
    });
    const byState = await get("/v1/admin/executions?state=running");
    expect((byState.body as { executions: object[] }).executions).toHaveLength(1);
    expect(JSON.stringify([listed.body, rest.body])).not.toContain("secret_of_mine");
  });

  test("an administrator ends another's run, and nobody else does", async () => {
    expect((await cancel(running, "bob")).status).toBe(404);
    expect((await cancel(running, "gone")).status).toBe(401);
    // Of the server, not of programs: see docs/keys.md.
    expect((await cancel(running, "watcher")).status).toBe(403);
    const ended = await cancel(running, "root");
    expect(ended).toMatchObject({ status: 200, body: { id: running, state: "canceled" } });
    await expect.poll(async () => (await overview()).queue.length).toBe(1);
    for (const id of queued) expect((await cancel(id, "root")).status).toBe(200);
    await expect.poll(async () => (await overview()).slots.used).toBe(0);
    expect(await overview()).toMatchObject({
      queue: { length: 0, oldest_wait_ms: 0, callers: [] },
    });
  });
});

describe("what a caller waits for", () => {
  interface Runs {
    readonly runs: readonly { readonly id: string; readonly caller_name: string }[];
  }
  const runs = async (): Promise<Runs> => (await get("/v1/admin/runs")).body as Runs;
  const end = (id: string, as: KeyName): Promise<Answer> => post(`/v1/admin/runs/${id}/cancel`, as);

  test("is listed, and ended by an administrator alone, also while it waits for a slot", async () => {
    const body = { language: "bash", code: "sleep 60" };
    const first = post("/v1/execute", "ann", body);
    await expect.poll(async () => (await overview()).slots.used).toBe(1);
    const second = post("/v1/execute", "bob", body);
    await expect.poll(async () => (await overview()).queue.length).toBe(1);
    const listed = await runs();
    expect(listed).toMatchObject({
      runs: [
        { route: "POST /v1/execute", language: "bash", caller: ids.get("ann"), caller_name: "ann" },
        { caller_name: "bob", begun_at: expect.any(String) as string },
      ],
      omitted: 0,
    });
    const [ofAnn, ofBob] = listed.runs.map(({ id }) => id);
    expect((await end(`${ofAnn}`, "ann")).status).toBe(404);
    expect((await end(`${ofAnn}`, "watcher")).status).toBe(403);
    expect((await end("none", "root")).status).toBe(404);
    for (const id of [ofBob, ofAnn]) expect((await end(`${id}`, "root")).status).toBe(204);
    for (const { status, body: answer } of [await first, await second]) {
      expect([status, answer]).toMatchObject([
        403,
        { error: { code: "NOT_ALLOWED", message: "An administrator ended this run." } },
      ]);
    }
    expect(await runs()).toEqual({ runs: [], omitted: 0 });
    await expect.poll(async () => (await overview()).slots.used).toBe(0);
  });
});

describe("what has ended", () => {
  test("is counted by how it did, as the metrics count it", async () => {
    const before = await overview();
    const run = (code: string, more: object = {}): Promise<Answer> =>
      post("/v1/execute", "bob", { language: "bash", code, ...more });
    for (const code of ["true", "true", "exit 3", "kill -9 $$"]) await run(code);
    await run("sleep 20", { limits: { wall_time_ms: 100 } });
    await run("true", { nonsense: 1 });
    await post("/v1/execute", "bob", { language: "klingon", code: "" });
    const grown = (now: Overview, name: string): number =>
      (now.outcomes.total[name] ?? 0) - (before.outcomes.total[name] ?? 0);
    const outcomes = ["exited_zero", "exited_nonzero", "signaled", "limit_wall_time"];
    await expect
      .poll(async () => {
        const now = await overview();
        return outcomes.map((name) => grown(now, name));
      })
      .toEqual([2, 1, 1, 1]);

    const seen = await overview();
    // The server is younger than the five minutes.
    expect(seen.outcomes.recent).toEqual(seen.outcomes.total);
    expect(seen.refusals.total).toMatchObject({
      UNKNOWN_LANGUAGE: 1,
      INVALID_REQUEST: expect.any(Number) as number,
      UNAUTHENTICATED: expect.any(Number) as number,
      NOT_ALLOWED: expect.any(Number) as number,
    });
    const { run: ofRun, queue_wait: ofWait } = seen.latency;
    expect(ofRun).toMatchObject({
      p50_ms: expect.any(Number) as number,
      p95_ms: expect.any(Number) as number,
      p99_ms: expect.any(Number) as number,
    });
    expect(ofRun.count - before.latency.run.count).toBe(5);
    expect(ofWait.count - before.latency.queue_wait.count).toBe(5);
    expect(ofRun.buckets.reduce((sum, { count }) => sum + count, 0)).toBe(ofRun.count);

    const metrics = await fetch(`${server.url}/metrics`, { headers: bearer("watcher") });
    const text = await metrics.text();
    for (const [name, count] of Object.entries(seen.outcomes.total)) {
      const labels = `language="bash",phase="run",outcome="${name}"`;
      expect(text).toContain(`glovebox_executions_total{${labels}} ${count}\n`);
    }
  });

  test("is in the history", async () => {
    const { body } = await get("/v1/admin/history");
    const { samples } = body as { samples: { outcomes: Record<string, number> }[] };
    const sum = (name: string): number =>
      samples.reduce((total, { outcomes }) => total + (outcomes[name] ?? 0), 0);
    const { outcomes } = await overview();
    for (const [name, count] of Object.entries(outcomes.total)) expect(sum(name)).toBe(count);
  });
});

test("keys come with what they have used, and never with a secret", async () => {
  await post("/v1/execute", "bob", { language: "bash", code: "true" });
  const { body } = await get("/v1/admin/keys");
  const { keys } = body as { keys: Record<string, unknown>[] };
  const named = new Map(keys.map((key) => [key["name"], key]));
  expect([...named.keys()].sort()).toEqual(Object.keys(madeKeys).sort());
  expect(named.get("ann")).toEqual({
    id: ids.get("ann"),
    name: "ann",
    scopes: ["run"],
    state: "active",
    rules: {},
    created_at: expect.any(String) as string,
    expires_at: null,
    revoked_at: null,
    last_used_at: expect.any(String) as string,
    executions_today: null,
    requests_this_minute: null,
  });
  const bob = named.get("bob");
  expect(bob).toMatchObject({ rules: { executions_per_day: 50, requests_per_minute: 1000 } });
  expect(bob?.["executions_today"]).toBeGreaterThan(0);
  expect(bob?.["requests_this_minute"]).toBeGreaterThan(0);
  expect(named.get("gone")).toMatchObject({ state: "revoked" });
  expect(JSON.stringify(body)).not.toMatch(/secret|hash|gbx_/);
});

describe("followed", () => {
  const connections = (): Promise<number> =>
    new Promise((resolve) => {
      server.app.server.getConnections((_error, count) => {
        resolve(count);
      });
    });

  test("overviews come from time to time", async () => {
    const gone = new AbortController();
    const response = await fetch(`${server.url}/v1/admin/events`, {
      headers: bearer("watcher"),
      signal: gone.signal,
    });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while ((text.match(/\n\n/g) ?? []).length < 2) text += (await reader?.read())?.value ?? "";
    const events = text.split("\n\n").slice(0, 2);
    const [one, two] = events.map((event) => {
      expect(event).toMatch(/^event: overview\ndata: \{/);
      return JSON.parse(event.split("data: ")[1] ?? "") as { at: string; slots: object };
    });
    expect(one?.slots).toMatchObject({ total: 1 });
    expect(Date.parse(two?.at ?? "") - Date.parse(one?.at ?? "")).toBeGreaterThan(1000);
    gone.abort();
  });

  test("a hang-up leaves nothing, neither a connection nor a timer", async () => {
    const [open, timers] = [await connections(), timersNow()];
    const head = `GET /v1/admin/events HTTP/1.1\r\nhost: localhost\r\nx-api-key: ${secretOf("root")}`;
    const raw = Array.from({ length: 20 }, () => rawConnection(server.port));
    await Promise.all(
      raw.map(async ({ socket }) => {
        socket.write(`${head}\r\n\r\n`);
        await once(socket, "data");
      }),
    );
    for (const { socket } of raw) socket.destroy();
    await Promise.all(raw.map(({ closed }) => closed));
    await expect.poll(connections).toBe(open);
    await expect.poll(timersNow).toBeLessThan(timers + 10);
  });

  test("a server that stops ends them", async () => {
    await using other = await startServer();
    const response = await fetch(`${other.url}/v1/admin/events`);
    const text = response.text();
    const startedMs = performance.now();
    await other.app.close();
    expect(await text).toMatch(/^event: overview/);
    expect(performance.now() - startedMs).toBeLessThan(5000);
  });
});

const timersNow = (): number =>
  getActiveResourcesInfo().filter((name) => name === "Timeout").length;

test("a thousand that wait make it no slower", async () => {
  await using busy = await startServer({ concurrency: 1, executions: { maxPending: 2000 } });
  const executions = Array.from({ length: 100 }, () => waiting);
  for (let batch = 0; batch < 10; batch += 1)
    expect((await busy.post("/v1/executions/batch", { executions })).status).toBe(202);
  const look = async (): Promise<Overview> =>
    (await request(`${busy.url}/v1/admin/overview`)).body as Overview;
  await expect.poll(async () => (await look()).queue.length, { timeout: 10_000 }).toBe(999);
  const startedMs = performance.now();
  for (let time = 0; time < 20; time += 1) await look();
  // A hundred times what it takes on a machine that has nothing else to do.
  expect(performance.now() - startedMs).toBeLessThan(4000);
}, 60_000);

test("of many callers those are told that have the most", async () => {
  const secrets = Array.from({ length: 55 }, (_, at) => `secret-of-caller-${at}`);
  await using crowded = await startServer(
    { concurrency: 1 },
    () => undefined,
    async ({ keyring }) => {
      const made = secrets.map((secret, at) => {
        return { name: `caller ${at}`, scopes: ["run"], rules: {}, now: 1, secret } as const;
      });
      await Promise.all(made.map((key) => keyring.create(key)));
    },
  );
  const send = async (secret = ""): Promise<void> => {
    const headers = { "content-type": "application/json", "x-api-key": secret };
    const init = { method: "POST", headers, body: JSON.stringify(waiting) };
    expect((await request(`${crowded.url}/v1/executions`, init)).status).toBe(202);
  };
  for (const secret of secrets) await send(secret);
  for (let more = 0; more < 3; more += 1) await send(secrets[54]);
  const { body } = await request(`${crowded.url}/v1/admin/overview`);
  const { queue } = body as { queue: { callers: object[] } };
  expect(queue).toMatchObject({ length: 57, callers_omitted: 5 });
  expect(queue.callers).toHaveLength(50);
  expect(queue.callers[0]).toMatchObject({ name: "caller 54", queued: 4, running: 0 });
});
