/**
 * @module
 * Addresses with a slash at their end, as Judge0's documents write them and Piston's server takes them.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createBudgets } from "../../src/server/budgets.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { buildServer } from "../../src/server/build-server.ts";
import { createLogger } from "../../src/server/create-logger.ts";
import { openObservers } from "../../src/server/open-observers.ts";
import { createAskBoard } from "../../src/service/permissions/ask-board.ts";
import { request, startServer, type RunningServer } from "./http-fixture.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const submission = { source_code: "echo ran", language_id: 46 };
const job = { language: "bash", version: "*", files: [{ content: "echo ran" }] };

describe("is the same without it", () => {
  test.each<[path: string, body: object, status: number, part: object]>([
    ["/v1/execute/", { language: "bash", code: "echo ran" }, 200, { run: { stdout: "ran\n" } }],
    ["/execute/", { language: "bash", code: "echo ran" }, 200, { stdout: "ran\n" }],
    ["/api/v1/execute/", { language: "bash", code: "echo ran" }, 200, { stdout: "ran\n" }],
    ["/api/v2/execute/", job, 200, { run: { stdout: "ran\n" } }],
    ["/judge0/submissions/?wait=true", submission, 201, { stdout: "ran\n" }],
    ["/judge0/submissions/batch/", { submissions: [submission] }, 201, [{}]],
  ])("POST %s", async (path, body, status, part) => {
    expect(await server.post(path, body)).toMatchObject({ status, body: part });
  });

  test.each([
    "/health/",
    "/v1/executions/?limit=1",
    "/openapi.json/",
    "/judge0/languages/",
    "/judge0/submissions/?page=1",
    "/api/v2/runtimes/",
  ])("GET %s", async (path) => {
    expect((await request(`${server.url}${path}`)).status).toBe(200);
  });

  test("of an execution", async () => {
    const answer = await server.post("/v1/executions/", { language: "bash", code: "true" });
    const { id } = answer.body as { readonly id: string };
    expect(answer.headers.get("location")).toBe(`/v1/executions/${id}`);
    const shown = await request(`${server.url}/v1/executions/${id}/?wait=20`);
    expect(shown).toMatchObject({ status: 200, body: { id, state: "finished" } });
  });

  test("of a WebSocket", async () => {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/api/v2/connect/`);
    const first = await new Promise<string>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("message", (data: Buffer) => {
        resolve(data.toString());
      });
      socket.once("open", () => {
        socket.send(JSON.stringify({ type: "init", ...job }));
      });
    });
    expect(JSON.parse(first)).toMatchObject({ type: "runtime", language: "bash" });
    socket.terminate();
  });
});

test("a wrong method is told as without it, and what is below a file is nothing", async () => {
  const wrong = await request(`${server.url}/v1/execute/`);
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
  for (const path of ["/v1/execute//", "/openapi.json/x", "/docs/start.js/x"]) {
    expect([path, (await request(`${server.url}${path}`)).status]).toEqual([path, 404]);
  }
});

test("it is counted by its route", async () => {
  await request(`${server.url}/ready/`);
  const metrics = await (await fetch(`${server.url}/metrics/`)).text();
  expect(metrics).toContain('route="/ready"');
  // The page is at `/` itself.
  expect(metrics).not.toMatch(/[^"]\/",/);
});

describe("a port of its own", () => {
  test.each([
    ["judge0", "/submissions/?wait=true", submission, 201],
    ["judge0", "/submissions/batch/", { submissions: [submission] }, 201],
    ["judge0", "/languages/", undefined, 200],
    ["judge0", "/", undefined, 200],
    ["piston", "/api/v2/execute/", job, 200],
    ["piston", "/api/v2/runtimes/", undefined, 200],
    ["piston", "/", undefined, 200],
    ["piston", "/api/v2/none/", undefined, 404],
  ] as const)("of %s: %s", async (wire, path, body, status) => {
    const config = loadConfig({
      env: {},
      cwd: "/nonexistent",
      overrides: { provider: "process", allowUnsafeProcess: true, server: { shutdownGrace: "0s" } },
    });
    const logger = createLogger(config, { write: () => undefined });
    const log = { env: {}, version: "1.2.3", logger, stderr: process.stderr };
    const observers = await openObservers({ config, languageIds: [], ...log });
    const { service, kept } = server;
    const { executions, keys, shares } = kept;
    const budgets = createBudgets(config.server.bodyBudgetBytes);
    const options = {
      service,
      executions,
      keys,
      shares,
      config,
      budgets,
      version: "1.2.3",
      observers,
    };
    const warnings: string[] = [];
    const onWarning = ({ message }: Error): void => void warnings.push(message);
    process.on("warning", onWarning);
    const app = buildServer(
      { ...options, asks: createAskBoard({ askTimeoutMs: 1000 }), home: "/home/nobody", logger },
      wire,
    );
    try {
      const answer = await app.inject(
        body === undefined ? { method: "GET", url: path } : { method: "POST", url: path, body },
      );
      expect(answer.statusCode).toBe(status);
      if (wire === "piston" && status === 404)
        expect(answer.json()).toEqual({ message: "Not Found" });
      expect(warnings).toEqual([]);
    } finally {
      process.off("warning", onWarning);
      await app.close();
      await observers.close();
    }
  });
});
