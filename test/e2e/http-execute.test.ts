import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { controls } from "../../src/core/enforcement.ts";
import { request, startServer, type RunningServer } from "./http-fixture.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer({ network: { allowed: ["none", "all"] } });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const run = async (body: object): Promise<unknown> => {
  const answer = await server.post("/v1/execute", body);
  expect([answer.status, answer.body]).toEqual([200, answer.body]);
  return answer.body;
};
const base64 = (bytes: readonly number[]): string => Buffer.from(bytes).toString("base64");

describe("POST /v1/execute answers 200 with", () => {
  test.each<[string, object, object]>([
    [
      "stdout, stderr and exit code",
      { code: "echo out; echo err >&2; exit 3" },
      { stdout: "out\n", stderr: "err\n", outcome: "exited", exit_code: 3, signal: null },
    ],
    [
      "the signal that ended it",
      { code: "kill -SEGV $$" },
      { outcome: "signaled", signal: "SIGSEGV", exit_code: null },
    ],
    [
      "the wall time that ended it",
      { code: "echo a; sleep 60", limits: { wall_time_ms: 300 } },
      { outcome: "wall_time", stdout: "a\n", signal: null },
    ],
    [
      "output cut at its limit",
      { code: "echo 123456", limits: { output_bytes: 4 } },
      { stdout: "1234", truncated: true, outcome: "exited", exit_code: 0 },
    ],
    [
      "an end for too much output, where that was asked for",
      { code: "yes", limits: { output_bytes: 10 }, on_output_limit: "kill" },
      { stdout: "y\ny\ny\ny\ny\n", truncated: true, outcome: "output" },
    ],
    ["stdin", { code: "cat", stdin: "a\nü" }, { stdout: "a\nü", stdout_encoding: "utf8" }],
    [
      "arguments, untouched by any shell",
      { code: 'printf "[%s]" "$@"', args: ["a b", "", "$(id)", "*"] },
      { stdout: "[a b][][$(id)][*]" },
    ],
    [
      "the environment",
      { code: 'echo "$GREETING"', env: { GREETING: "hi; id", constructor: "x" } },
      { stdout: "hi; id\n" },
    ],
    [
      "bytes in, bytes out",
      { code: "cat", stdin: base64([0, 255, 10]), stdin_encoding: "base64" },
      { stdout: base64([0, 255, 10]), stdout_encoding: "base64", output_encoding: "base64" },
    ],
    [
      "each stream in an encoding of its own",
      { code: String.raw`printf '\377'; echo text >&2` },
      { stdout: "/w==", stdout_encoding: "base64", stderr: "text\n", stderr_encoding: "utf8" },
    ],
    [
      "code from base64",
      { code: Buffer.from("echo hi").toString("base64"), code_encoding: "base64" },
      { stdout: "hi\n" },
    ],
    [
      "several files, in folders, with an entry",
      {
        files: [
          { path: "lib/greet.sh", content: "greet() { cat data/name; }" },
          { path: "main.sh", content: "source lib/greet.sh; greet" },
          { path: "data/name", content: base64([104, 105, 255]), encoding: "base64" },
        ],
        entry: "main.sh",
      },
      { stdout: base64([104, 105, 255]), stdout_encoding: "base64" },
    ],
    ["the empty program", { code: "" }, { stdout: "", stderr: "", output: "", exit_code: 0 }],
  ])("%s", async (_name, body, phase) => {
    expect(await run({ language: "bash", ...body })).toMatchObject({ run: phase });
  });

  test("every field, and no other", async () => {
    const answer = (await run({ language: "BASH", code: "echo hi", network: "all" })) as {
      run: { usage: object };
      enforcement: object;
    };
    expect(answer).toMatchObject({ language: "bash" });
    expect(Object.keys(answer).sort()).toEqual([
      ...["artifacts", "enforcement", "id", "language", "run", "version"],
    ]);
    expect(Object.keys(answer.run).sort()).toEqual(
      "exit_code,outcome,output,output_encoding,signal,stderr,stderr_encoding,stdout,stdout_encoding,truncated,usage".split(
        ",",
      ),
    );
    expect(answer.run.usage).toMatchObject({ wall_ms: expect.any(Number) as number });
    expect(Object.keys(answer.enforcement)).toHaveLength(controls.length);
    expect(answer.enforcement).toMatchObject({
      process_tree: { level: expect.any(String) as string, by: expect.any(String) as string },
      wall_time: { note: expect.any(String) as string },
      files: { level: "missing" },
    });
  });

  test("compile and no run, where the program does not compile", async () => {
    const answer = await run({ language: "c", code: "int main( {" });
    expect(answer).toMatchObject({ run: null, compile: { outcome: "exited", exit_code: 1 } });
    expect((answer as { compile: { stderr: string } }).compile.stderr).toContain("main.c");
  });

  test("both phases, where it does", async () => {
    const code = '#include <stdio.h>\nint main(void) { puts("hi"); return 4; }';
    expect(await run({ language: "c", code })).toMatchObject({
      compile: { exit_code: 0 },
      run: { stdout: "hi\n", exit_code: 4 },
    });
  });
});

test("runs beyond slots and queue get 429, and are told to come again", async () => {
  await using small = await startServer({ concurrency: 1, maxQueued: 0 });
  const waits = { language: "bash", code: "sleep 1" };
  const answers = await Promise.all([0, 1, 2].map(async () => small.post("/v1/execute", waits)));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(2);
  expect(refused[0]?.body).toMatchObject({ error: { code: "CAPACITY_EXHAUSTED" } });
  expect(refused[0]?.headers.get("retry-after")).toBe("1");
});

describe("the other endpoints", () => {
  test("GET /v1/languages names what is installed, with its version", async () => {
    const { status, body } = await request(`${server.url}/v1/languages`);
    expect(status).toBe(200);
    const { languages } = body as { languages: readonly { id: string; version: string | null }[] };
    const bash = languages.find(({ id }) => id === "bash");
    expect(bash).toMatchObject({ title: "Bash", highlight: "Shell", installed: true });
    expect(languages.find(({ id }) => id === "awk")).toMatchObject({ highlight: null });
    expect(bash?.version).toMatch(/^[45]\./);
    expect(await run({ language: "bash", code: "" })).toMatchObject({ version: bash?.version });
  });

  test("GET /v1/info tells limits, network and what the provider enforces", async () => {
    const { status, body } = await request(`${server.url}/v1/info`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      name: "glovebox",
      version: "1.2.3",
      provider: { name: "process", available: true },
      limits: { default: { wall_time_ms: 10_000 }, max: { wall_time_ms: 300_000 } },
      network: { allowed: ["none", "all"] },
      enforcement: { files: { level: "missing" } },
    });
  });

  test("GET /health has the fields of isobox", async () => {
    const { status, body } = await request(`${server.url}/health`);
    expect([status, body]).toEqual([
      200,
      { status: "healthy", service: "isobox", version: "1.2.3", name: "glovebox" },
    ]);
  });
});

describe("POST /execute of isobox", () => {
  test.each<[string, object, number, object]>([
    [
      "a program that ends well",
      { code: "echo a; echo b >&2" },
      200,
      { stdout: "a\n", stderr: "b\n", exit_code: 0 },
    ],
    ["a program that fails", { code: "exit 7" }, 200, { stdout: "", stderr: "", exit_code: 7 }],
    [
      "a signal, as docker run has it",
      { code: "kill -9 $$" },
      200,
      { stdout: "", stderr: "", exit_code: 137 },
    ],
    [
      "unknown fields, ignored",
      { code: "echo a", x: 1 },
      200,
      { stdout: "a\n", stderr: "", exit_code: 0 },
    ],
    [
      "an unknown language",
      { language: "klingon", code: "" },
      400,
      { error: "Unsupported language: klingon" },
    ],
    ["a missing field", {}, 400, { error: "Json deserialize error: missing field `code`" }],
    [
      "a field of a wrong type",
      { code: 1 },
      400,
      { error: "Json deserialize error: code: must be a string, not 1" },
    ],
  ])("%s", async (_name, body, status, wanted) => {
    const answer = await server.post("/execute", { language: "bash", ...body });
    expect([answer.status, answer.body]).toEqual([status, wanted]);
  });

  test("a compiler's words and exit code", async () => {
    const { status, body } = await server.post("/execute", { language: "c", code: "int main( {" });
    expect(status).toBe(200);
    expect(body).toMatchObject({ stdout: "", exit_code: 1 });
    expect((body as { stderr: string }).stderr).toContain("main.c");
  });

  test.each([
    ["broken JSON", { headers: { "content-type": "application/json" }, body: "{" }],
    ["plain text", { headers: { "content-type": "text/plain" }, body: "{}" }],
  ])("%s is a 400 with a text", async (_name, init) => {
    const answer = await request(`${server.url}/execute`, { method: "POST", ...init });
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ error: expect.any(String) as string });
  });
});
