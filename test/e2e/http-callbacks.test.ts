/**
 * @module
 * Where callbacks may not go, and what the operator is told of those that came to nothing.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type RunningServer } from "./http-fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "glovebox-callbacks-test-"));
let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** Nobody listens at the port `discard`. */
const address = "http://127.0.0.1:9/hooks/s3cret?token=s3cret";
const program = { language: "bash", code: "true" };

const warnings = (of: RunningServer): unknown[] =>
  of
    .log()
    .split("\n")
    .filter((line) => line.includes("a callback could not be delivered"))
    .map((line) => JSON.parse(line) as unknown);

test.each([
  address,
  "http://127.1:9/",
  "https://localhost/",
  "https://LOCALHOST./",
  "http://a.localhost/",
  "http://[::1]/",
  "http://[::ffff:10.0.0.1]/",
  "http://169.254.169.254/latest",
  "http://10.1.2.3/",
])("%s is refused at once", async (callback_url) => {
  const v1 = await server.post("/v1/executions", { ...program, callback_url });
  expect(v1).toMatchObject({
    status: 400,
    body: {
      error: {
        code: "INVALID_REQUEST",
        message: expect.stringContaining("callback_url") as string,
      },
    },
  });
  const judge0 = { source_code: "true", language_id: 46, callback_url };
  expect(await server.post("/judge0/submissions", judge0)).toMatchObject({
    status: 422,
    body: { callback_url: [expect.stringContaining("public")] },
  });
  expect(server.runCount()).toBe(0);
});

test("one that failed for good is logged, without what may be secret in its address", async () => {
  await using allowing = await startServer({ callbacks: { allowPrivate: true, maxAttempts: 1 } });
  const { status } = await allowing.post("/v1/executions", { ...program, callback_url: address });
  expect(status).toBe(202);
  await expect.poll(() => warnings(allowing)).toHaveLength(1);
  const text = expect.any(String) as string;
  expect(warnings(allowing)).toMatchObject([
    { level: 40, execution: text, host: "127.0.0.1:9", attempts: 1 },
  ]);
  expect(allowing.log()).not.toContain("s3cret");
});

test("one that may no longer go where it should is not tried again", async () => {
  const storage = { folder: join(folder, "state") };
  const first = await startServer({ storage, callbacks: { allowPrivate: true } });
  await first.post("/v1/executions", { ...program, callback_url: address });
  const attempted = async (): Promise<string> => (await fetch(`${first.url}/metrics`)).text();
  await expect.poll(attempted).toMatch(/glovebox_callbacks_total\{[^}]*retried[^}]*\} [1-9]/);
  expect(warnings(first)).toEqual([]);
  await first[Symbol.asyncDispose]();

  await using second = await startServer({ storage });
  await expect.poll(() => warnings(second), { timeout: 15_000 }).toHaveLength(1);
  expect(warnings(second)).toMatchObject([
    { host: "127.0.0.1:9", reason: expect.stringContaining("no public address") as string },
  ]);
});
