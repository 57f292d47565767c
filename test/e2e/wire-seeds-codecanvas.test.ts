import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { request, startServer, type RunningServer } from "./http-fixture.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer({
    server: { corsOrigins: ["*"] },
    limits: { default: { wallTime: "600ms" } },
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const send = async (body: string, contentType = "application/json") =>
  request(`${server.url}/api/v1/run`, {
    method: "POST",
    headers: { "content-type": contentType },
    body,
  });
const bash = (source: string): string => JSON.stringify({ source, language: "bash" });

describe("POST /api/v1/run", () => {
  test.each<[string, string, object]>([
    [
      "a program that ends well",
      bash("echo 'a<b>&'; echo b >&2"),
      { stdout: "a<b>&\n", stderr: "b\n", error: "" },
    ],
    [
      "one that fails",
      bash("echo a; exit 3"),
      { stdout: "a\n", stderr: "", error: "exit status 3" },
    ],
    [
      "a signal",
      bash("echo a >&2; kill -SEGV $$"),
      { stdout: "", stderr: "a\nsignal: segmentation fault", error: "exit status 139" },
    ],
    [
      "no time left",
      bash("echo a; sleep 9"),
      { stdout: "a\n", stderr: "", error: "signal: killed" },
    ],
    [
      "what the command-line client sends for C++",
      JSON.stringify({ source: "int main( {", language: "c++11" }),
      {
        stdout: "",
        stderr: expect.stringContaining("main.cpp") as unknown,
        error: "exit status 1",
      },
    ],
    [
      "several values, the later ones winning",
      `${bash("echo a")} {"source":"echo b"}`,
      { stdout: "b\n", stderr: "", error: "" },
    ],
  ])("%s", async (_name, body, wanted) => {
    const answer = await send(body);
    expect([answer.status, answer.body]).toEqual([200, wanted]);
    expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
  });

  test.each(["text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "nonsense"])(
    "the content type %s",
    async (contentType) => {
      const answer = await send(bash("echo a"), contentType);
      expect([answer.status, answer.body]).toEqual([200, { stdout: "a\n", stderr: "", error: "" }]);
    },
  );

  test.each<[string, string]>([
    ["", '"language" and "source" fields are required'],
    ["{}", '"language" and "source" fields are required'],
    ['{"source":"","language":"bash"}', '"language" and "source" fields are required'],
    ['{"source":"a","lang":"bash"}', '"language" and "source" fields are required'],
    ['{"source":"a","language":"x"}', "invalid language: [x] not currently supported"],
    ['{"source":"a","language":"python2"}', "invalid language: [python2] not currently supported"],
    ["[]", "failed to parse request body"],
    ["{", "failed to parse request body"],
    ['{"source":1}', "failed to parse request body"],
    ["\u0000", "failed to parse request body"],
  ])("%s is a 400", async (body, error) => {
    const answer = await send(body);
    expect([answer.status, answer.body]).toEqual([400, { error }]);
  });

  test("without a body or a content type", async () => {
    const { status, body } = await request(`${server.url}/api/v1/run`, { method: "POST" });
    const error = '"language" and "source" fields are required';
    expect([status, body]).toEqual([400, { error }]);
  });

  test("a second program while all runners are busy", async () => {
    await using small = await startServer({ concurrency: 1, maxQueued: 0 });
    const callHome = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void callHome.close());
    await once(callHome, "listening");
    const { port } = callHome.address() as AddressInfo;
    const source = `read -r line <>/dev/tcp/127.0.0.1/${port}; echo "$line"`;
    const called = once(callHome, "connection") as Promise<[Socket]>;
    const first = small.post("/api/v1/run", { source, language: "bash" });
    const [socket] = await called;
    const second = await small.post("/api/v1/run", { source: "echo b", language: "bash" });
    const error = "failed to run output: no runner available";
    expect([second.status, second.body]).toEqual([400, { error }]);
    expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(0);
    socket.end("a\n");
    const { status, body } = await first;
    expect([status, body]).toEqual([200, { stdout: "a\n", stderr: "", error: "" }]);
  });
});

test("its page may call from elsewhere", async () => {
  const headers = {
    origin: "https://codecanvas.example",
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type",
  };
  const preflight = await fetch(`${server.url}/api/v1/run`, { method: "OPTIONS", headers });
  expect(preflight.ok).toBe(true);
  expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
});
