/**
 * @module
 * What an operator sees of a server that works: GET /metrics and GET /ready.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rawConnection, request, startServer, type RunningServer } from "./http-fixture.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function scrape(): Promise<string> {
  const response = await fetch(`${server.url}/metrics`);
  expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  return response.text();
}

const requests = (labels: string): string => `glovebox_http_requests_total{${labels}}`;

test("requests are counted by the pattern of their route", async () => {
  await request(`${server.url}/health?key=secret`);
  await request(`${server.url}/health`);
  await server.post("/v1/execute", { language: "bash", code: "exit 3" });
  await server.post("/v1/execute", { language: "bash", code: "exit 3", secret: 1 });
  const body = await scrape();
  expect(body).toContain(`${requests('route="/health",method="GET",status="200"')} 2\n`);
  expect(body).toContain(requests('route="/v1/execute",method="POST",status="200"'));
  expect(body).toContain(requests('route="/v1/execute",method="POST",status="400"'));
  expect(body).toContain('glovebox_http_request_seconds_count{route="/v1/execute"} 2\n');
  const labels = 'language="bash",phase="run",outcome="exited_nonzero"';
  expect(body).toContain(`glovebox_executions_total{${labels}} 1\n`);
  expect(body).toContain('glovebox_refused_total{code="INVALID_REQUEST"} 1\n');
  expect(body).toMatch(/^glovebox_queue_wait_seconds_count 1$/m);
  expect(body).toMatch(/^process_resident_memory_bytes \d+$/m);
  expect(body).not.toContain("secret");
});

test("one who went away before the answer is counted, too", async () => {
  const { socket, closed } = rawConnection(server.port);
  const body = JSON.stringify({ language: "bash", code: "sleep 60" });
  const head = `POST /v1/execute HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
  const runs = server.runCount();
  socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`);
  await expect.poll(() => server.runCount()).toBe(runs + 1);
  socket.destroy();
  await closed;
  await expect
    .poll(scrape)
    .toContain(requests('route="/v1/execute",method="POST",status="aborted"'));
});

test("nothing of OpenTelemetry's is loaded where no traces are wanted", async () => {
  await request(`${server.url}/health`);
  const loaded = Object.keys(createRequire(import.meta.url).cache);
  // Its API alone is a part of what makes metrics.
  expect(loaded.filter((path) => /@opentelemetry.(sdk|exporter)/.test(path))).toEqual([]);
});

test("ready where a sandbox starts", async () => {
  const { status, body } = await request(`${server.url}/ready`);
  expect([status, body]).toEqual([200, { ready: true, provider: "process" }]);
});

test.each([
  ["that of the connection", [], "127.0.0.1"],
  ["that which a trusted proxy names", ["127.0.0.1"], "203.0.113.9"],
])("the audit log has the client's address: %s", async (_name, trustedProxies, ip) => {
  const folder = mkdtempSync(join(tmpdir(), "glovebox-audit-"));
  try {
    const file = join(folder, "audit.log");
    await using audited = await startServer({ audit: { file }, server: { trustedProxies } });
    const answer = await request(`${audited.url}/v1/execute`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-forwarded-for": "203.0.113.9" },
      body: JSON.stringify({ language: "bash", code: "echo secret" }),
    });
    await expect.poll(() => readFileSync(file, "utf8")).toContain('"event":"execution"');
    const text = readFileSync(file, "utf8");
    expect(JSON.parse(text.trim().split("\n").at(-1) ?? "")).toMatchObject({
      request_id: answer.headers.get("x-request-id"),
      caller: "anonymous",
      language: "bash",
      outcome: "exited_zero",
      ip,
    });
    expect(text).not.toContain("secret");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
