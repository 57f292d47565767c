import { afterAll, beforeAll, expect, test } from "vitest";
import { request, startServer, type RunningServer } from "./http-fixture.ts";

let server: RunningServer;
let closed: RunningServer;
beforeAll(async () => {
  server = await startServer({ images: { allowed: ["python:*", "gcc:14"] } });
  closed = await startServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await closed[Symbol.asyncDispose]();
});

const bash = (more: object): object => ({ language: "bash", code: "echo ran", ...more });

test.each<[string, object, number, string, RegExp]>([
  ["another provider", { provider: "docker" }, 403, "NOT_ALLOWED", /provider: .*only `process`/],
  ["a provider's alias", { provider: "auto" }, 403, "NOT_ALLOWED", /provider: .*only `process`/],
  ["no provider", { provider: "" }, 400, "INVALID_REQUEST", /provider/],
  ["another image", { image: "node:22" }, 403, "NOT_ALLOWED", /allowed: python:\*, gcc:14\./],
  ["an image by another name", { image: "docker.io/gcc:14" }, 403, "NOT_ALLOWED", /image: /],
  ["no image", { image: "Not An Image" }, 400, "INVALID_REQUEST", /image.* an image like python:3/],
  ["a long image", { image: "a".repeat(256) }, 400, "INVALID_REQUEST", /at most 255/],
  [
    "an image for the host",
    { image: "gcc:14" },
    400,
    "INVALID_REQUEST",
    /image: .*own programs.*use the provider `linux` or `docker`/,
  ],
])(
  "asking for %s is refused, and names what can be asked for",
  async (_name, more, ...expected) => {
    const [status, code, message] = expected;
    const answer = await server.post("/v1/execute", bash(more));
    expect(answer).toMatchObject({ status, body: { error: { code } } });
    expect((answer.body as { error: { message: string } }).error.message).toMatch(message);
  },
);

test("an image is refused where the operator allows none", async () => {
  const { status, body } = await closed.post("/v1/execute", bash({ image: "python:3" }));
  expect({ status, body }).toMatchObject({
    status: 403,
    body: { error: { code: "NOT_ALLOWED", details: { field: "image" } } },
  });
  expect(closed.runCount()).toBe(0);
});

test("the default provider may be named", async () => {
  const answer = await server.post("/v1/execute", bash({ provider: "process" }));
  expect(answer).toMatchObject({ status: 200, body: { run: { stdout: "ran\n" } } });
});

test("/v1/info tells which providers and images can be asked for", async () => {
  expect(await request(`${server.url}/v1/info`)).toMatchObject({
    status: 200,
    body: {
      provider: { name: "process", available: true },
      providers: [{ name: "process", available: true, reason: "", facts: [] }],
      images: { allowed: ["python:*", "gcc:14"] },
    },
  });
});
