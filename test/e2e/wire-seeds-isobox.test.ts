import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { request, startServer, type RunningServer } from "./http-fixture.ts";

/** Answers each path with itself, `/missing` with 404 and `/elsewhere` with a redirect. */
const files: Server = createServer(({ url = "" }, response) => {
  const status = url === "/missing" ? 404 : url === "/elsewhere" ? 302 : 200;
  response.writeHead(status, status === 302 ? { location: "/file" } : {}).end(url.slice(1));
});
let server: RunningServer;
let filesUrl: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => files.listen(0, "127.0.0.1", resolve));
  filesUrl = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
  server = await startServer({
    callbacks: { allowPrivate: true },
    executions: { maxBatch: 6 },
    limits: { default: { wallTime: "600ms" } },
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  files.close();
});

const text: unknown = expect.any(String);
const seconds: unknown = expect.any(Number);
const program = { language: "bash", code: "read -r a; echo $((a * 2))" };
const nulls = { memory_used: null, test_results: null };

describe("POST /execute", () => {
  test.each<[string, object, number, object]>([
    [
      "a program that ends well",
      { language: "bash", code: "echo a; echo b >&2" },
      200,
      { stdout: "a\n", stderr: "b\n", exit_code: 0 },
    ],
    [
      "no time left",
      { language: "bash", code: "echo a; sleep 9" },
      200,
      {
        stdout: "a\n",
        stderr: expect.stringMatching(/^glovebox: .+\n$/) as unknown,
        exit_code: 124,
      },
    ],
    [
      "a language that is nobody's",
      { language: "klingon", code: "" },
      400,
      { error: "Unsupported language: klingon" },
    ],
    [
      "a version that is not there",
      { language: "python2", code: "" },
      400,
      { error: "Unsupported language: python2" },
    ],
    [
      "a missing field",
      { language: "bash" },
      400,
      { error: "Json deserialize error: missing field `code`" },
    ],
    [
      "a field of a wrong type",
      { language: "bash", code: 1 },
      400,
      { error: "Json deserialize error: code: must be a string, not 1" },
    ],
    [
      "half a surrogate pair",
      { language: "bash", code: "\ud800" },
      400,
      { error: expect.stringMatching(/^Json deserialize error: code: /) as unknown },
    ],
  ])("%s", async (_name, body, status, wanted) => {
    const answer = await server.post("/execute", body);
    expect([answer.status, answer.body]).toEqual([status, wanted]);
  });

  test("a body that is not called JSON", async () => {
    const answer = await request(`${server.url}/execute`, { method: "POST", body: "{}" });
    expect([answer.status, answer.body]).toEqual([400, { error: "Content type error" }]);
  });
});

test("GET /auth/status without keys", async () => {
  expect((await request(`${server.url}/auth/status`)).body).toEqual({
    authenticated: false,
    auth_enabled: false,
    auth_type: "none",
    message: "Authentication status endpoint",
  });
});

describe("POST /api/v1/execute", () => {
  test.each<[string, object, number, object]>([
    [
      "a program that fails",
      { language: "bash", code: "cat; echo a; echo b >&2; exit 3" },
      200,
      { stdout: "a\n", stderr: "b\n", exit_code: 3, time_taken: seconds, ...nulls },
    ],
    [
      "no time left, as its documents have it",
      { language: "bash", code: "echo a; sleep 9" },
      200,
      {
        stdout: "a\n",
        stderr: expect.stringMatching(/^Execution timed out after 0\.\d{3} seconds$/) as unknown,
        exit_code: 124,
        time_taken: seconds,
        ...nulls,
      },
    ],
    [
      "a signal",
      { language: "bash", code: "kill -9 $$" },
      200,
      { stdout: "", stderr: "", exit_code: 137, time_taken: seconds, ...nulls },
    ],
    [
      "what does not compile",
      { language: "c", code: "int main( {", test_cases: [{ name: "a", input: "" }] },
      200,
      { stdout: "", stderr: text, exit_code: 1, time_taken: null, ...nulls },
    ],
    [
      "test cases that are null",
      { language: "bash", code: "echo a", test_cases: null },
      200,
      { stdout: "a\n", stderr: "", exit_code: 0, time_taken: seconds, ...nulls },
    ],
    [
      "an unknown language",
      { language: "klingon", code: "" },
      500,
      { error: "Execution failed", message: "Unsupported language: klingon" },
    ],
    [
      "a missing field",
      { code: "" },
      400,
      { error: "Json deserialize error: missing field `language`", message: text },
    ],
    [
      "a test case without input",
      { ...program, test_cases: [{ name: "a" }] },
      400,
      { error: "Json deserialize error: missing field `input`", message: text },
    ],
    [
      "too many test cases",
      { ...program, test_cases: Array.from({ length: 7 }, () => 1) },
      400,
      {
        error: "Json deserialize error: test_cases: has 7 elements, more than 6",
        message: "test_cases: has 7 elements, more than 6",
      },
    ],
  ])("%s", async (_name, body, status, wanted) => {
    const answer = await server.post("/api/v1/execute", body);
    expect([answer.status, answer.body]).toEqual([status, wanted]);
  });

  test.each([0, -1, 0.5, 1e99, "1", {}, "NaN"])("no limit is %j", async (value) => {
    for (const limit of ["timeout_seconds", "memory_limit_mb"]) {
      const test_cases = [{ name: "a", input: "1", [limit]: value }];
      const answer = await server.post("/api/v1/execute", { ...program, test_cases });
      const message = expect.stringContaining(`test_cases[0].${limit}: must be`) as unknown;
      expect([answer.status, answer.body]).toEqual([400, { error: message, message }]);
    }
  });
});

describe("test cases", () => {
  test("run each on its own, and are told in their order", async () => {
    const test_cases = [
      { name: "right", input: "5\n", expected_output: " 10\n\n" },
      { name: "wrong", input: "2\n", expected_output: "5" },
      { name: "nothing expected", input: "3", timeout_seconds: 4294967295 },
      { name: "fails", input: "x; exit 7", expected_output: null },
    ];
    const { status, body } = await server.post("/api/v1/execute/test-cases", {
      language: "bash",
      code: `read -r a; [[ $a == x* ]] && exit 7; [[ $a == 2 ]] && echo why >&2; echo $((a * 2))`,
      test_cases,
    });
    const common = { time_taken: seconds, memory_used: null };
    const right = { stderr: "", exit_code: 0, error_message: null, passed: true, ...common };
    const wrongText = "Expected: '5', Got: '4'";
    const wrong = { ...right, stderr: "why\n", passed: false, error_message: wrongText };
    const failed = { ...right, passed: false, exit_code: 7, error_message: "Exit code: 7" };
    const results = [
      { ...test_cases[0], ...right, stdout: "10\n", actual_output: "10\n" },
      { ...test_cases[1], ...wrong, stdout: "4\n", actual_output: "4\n" },
      {
        ...{ name: "nothing expected", input: "3", expected_output: null },
        ...{ ...right, stdout: "6\n", actual_output: "6\n" },
      },
      { ...test_cases[3], ...failed, stdout: "", actual_output: "" },
    ];
    expect([status, body]).toEqual([
      200,
      {
        stdout:
          "=== Test Case: right ===\n10\n\n=== Test Case: wrong ===\n4\n\n" +
          "=== Test Case: nothing expected ===\n6\n\n=== Test Case: fails ===\n\n",
        stderr: "=== Test Case: wrong (stderr) ===\nwhy\n\n",
        exit_code: 1,
        time_taken: null,
        memory_used: null,
        test_results: results,
      },
    ]);
  });

  test("go on when one has no time left", async () => {
    const timedOut = /^Execution timed out after 1\.\d{3} seconds$/;
    const { body } = await server.post("/api/v1/execute", {
      language: "bash",
      code: 'read -r a; sleep "$a"; echo "$a"',
      test_cases: [
        { name: "slow", input: "9", expected_output: "9", timeout_seconds: 1 },
        { name: "longer than the default", input: "0.8", timeout_seconds: 5 },
      ],
    });
    expect(body).toMatchObject({
      exit_code: 1,
      test_results: [
        {
          passed: false,
          exit_code: 124,
          stderr: expect.stringMatching(timedOut) as unknown,
          error_message: expect.stringMatching(timedOut) as unknown,
        },
        { passed: true, stdout: "0.8\n" },
      ],
    });
  });

  test("none at all", async () => {
    const { body } = await server.post("/api/v1/execute", { ...program, test_cases: [] });
    expect(body).toEqual({
      ...{ stdout: "", stderr: "", exit_code: 0, time_taken: null, memory_used: null },
      test_results: [],
    });
  });

  test("are compiled once", async () => {
    const { body } = await server.post("/api/v1/execute/test-cases", {
      language: "c",
      code: '#include <stdio.h>\nint main(void) { int a; scanf("%d", &a); printf("%d", a + 1); }',
      test_cases: ["1", "2", "3"].map((input) => ({ name: input, input })),
    });
    expect(body).toMatchObject({
      exit_code: 0,
      test_results: [{ stdout: "2" }, { stdout: "3" }, { stdout: "4" }],
    });
  });

  test("come from files", async () => {
    const { body } = await server.post("/api/v1/execute/test-files", {
      ...program,
      test_files: [
        { name: "a", content: "1" },
        { name: "b", content: "2" },
      ],
    });
    expect(body).toMatchObject({
      exit_code: 0,
      test_results: [
        { name: "a", input: "1", expected_output: null, stdout: "2\n", passed: true },
        { name: "b", input: "2", expected_output: null, stdout: "4\n", passed: true },
      ],
    });
  });

  test("come from elsewhere", async () => {
    const { body } = await server.post("/api/v1/execute/test-urls", {
      ...program,
      test_urls: [
        { name: "a", url: `${filesUrl}/12` },
        { name: "b", url: `${filesUrl}/21` },
      ],
    });
    expect(body).toMatchObject({
      exit_code: 0,
      test_results: [
        { name: "a", input: "12", stdout: "24\n", passed: true },
        { name: "b", input: "21", stdout: "42\n", passed: true },
      ],
    });
  });

  test.each([
    ["/missing", "the answer has the status 404"],
    ["/elsewhere", "the answer has the status 302"],
    ["file:///etc/passwd", "it is no address that begins with http:// or https://"],
    ["nonsense", "it is no address that begins with http:// or https://"],
  ])("can't come from %s", async (place, reason) => {
    const url = place.startsWith("/") ? `${filesUrl}${place}` : place;
    const test_urls = [{ name: "a", url }];
    const answer = await server.post("/api/v1/execute/test-urls", { ...program, test_urls });
    const message = `Failed to download ${url}: ${reason}`;
    expect([answer.status, answer.body]).toEqual([
      400,
      { error: "Failed to download test case", message },
    ]);
  });
});
