import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rawConnection, request, startServer, type RunningServer } from "./http-fixture.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer({ server: { bodyLimit: "1MiB" } });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string };
}

const json = { "content-type": "application/json" };
const bash = (more: object): object => ({ language: "bash", code: "echo ran", ...more });

type Refusal = readonly [
  name: string,
  method: string,
  path: string,
  init: RequestInit,
  status: number,
  code: string,
];
const code = JSON.stringify(bash({}));
const refusals: readonly Refusal[] = [
  ["an unknown path", "GET", "/v1/nothing", {}, 404, "NOT_FOUND"],
  ["an unknown path with a body", "POST", "/x", { headers: json, body: "{" }, 404, "NOT_FOUND"],
  ["a path with odd escapes", "GET", "/%ff%00", {}, 400, "INVALID_REQUEST"],
  ["another method", "GET", "/v1/execute", {}, 405, "METHOD_NOT_ALLOWED"],
  ["DELETE on languages", "DELETE", "/v1/languages", {}, 405, "METHOD_NOT_ALLOWED"],
  ["plain text", "POST", "/v1/execute", { body: code }, 415, "UNSUPPORTED_MEDIA_TYPE"],
  [
    "a form",
    "POST",
    "/v1/execute",
    { body: new URLSearchParams({ code: "x" }) },
    415,
    "UNSUPPORTED_MEDIA_TYPE",
  ],
  [
    "a compressed body",
    "POST",
    "/v1/execute",
    { headers: { ...json, "content-encoding": "gzip" }, body: code },
    415,
    "UNSUPPORTED_MEDIA_TYPE",
  ],
  [
    "a body over the limit",
    "POST",
    "/v1/execute",
    { headers: json, body: "x".repeat(2 ** 20 + 1) },
    413,
    "BODY_TOO_LARGE",
  ],
  [
    "an unknown language",
    "POST",
    "/v1/execute",
    { headers: json, body: JSON.stringify(bash({ language: "no\u001bsuch" })) },
    400,
    "UNKNOWN_LANGUAGE",
  ],
  [
    "network all where the operator did not allow it",
    "POST",
    "/v1/execute",
    { headers: json, body: JSON.stringify(bash({ network: "all" })) },
    403,
    "NOT_ALLOWED",
  ],
  [
    "strict enforcement where nothing is enforced",
    "POST",
    "/v1/execute",
    { headers: json, body: JSON.stringify(bash({ enforcement: "strict" })) },
    422,
    "POLICY_UNENFORCEABLE",
  ],
  [
    "a version that is not installed",
    "POST",
    "/v1/execute",
    { headers: json, body: JSON.stringify(bash({ version: "1.0.0" })) },
    422,
    "LANGUAGE_NOT_INSTALLED",
  ],
];

describe("each kind of refusal has its status and code:", () => {
  test.each(refusals)("%s", async (_name, method, path, init, status, wanted) => {
    const answer = await request(`${server.url}${path}`, { method, ...init });
    const { error } = answer.body as ErrorBody;
    expect([answer.status, error.code]).toEqual([status, wanted]);
    expect(Object.keys(error).sort()).toEqual(["code", "details", "message"]);
    // eslint-disable-next-line no-control-regex
    expect(error.message).not.toMatch(/[\u0000-\u001f]/);
  });

  test("405 names the methods that are possible", async () => {
    const answer = await request(`${server.url}/v1/execute`, { method: "PUT" });
    expect(answer.headers.get("allow")).toBe("POST");
  });

  test("a page that reaches us through its own name is refused (DNS rebinding)", async () => {
    const { socket, closed } = rawConnection(server.port);
    socket.write("GET /health HTTP/1.1\r\nhost: evil.example:8000\r\nconnection: close\r\n\r\n");
    const answer = await closed;
    expect(answer).toContain("HTTP/1.1 403");
    expect(answer).toContain('"NOT_ALLOWED"');
  });

  test.each([
    ["what is no HTTP", "hello\r\n\r\n", 400],
    ["a header of 64 KiB", `GET / HTTP/1.1\r\nhost: x\r\na: ${"x".repeat(65_536)}\r\n\r\n`, 400],
    [
      "two lengths",
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
      400,
    ],
  ])("%s", async (_name, bytes, status) => {
    const { socket, closed } = rawConnection(server.port);
    socket.write(bytes);
    const answer = await closed;
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain('{"error":{"code":"INVALID_REQUEST"');
  });
});
