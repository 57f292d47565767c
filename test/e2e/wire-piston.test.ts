/**
 * @module
 * Piston's HTTP interface, as its own clients use it.
 */
import { piston } from "piston-client";
import { NodePistonClient, PistonClient } from "piston-api-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer } from "./http-fixture.ts";

let server: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => server[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function send(
  method: string,
  path: string,
  body?: unknown,
  contentType = "application/json",
): Promise<Answer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`${server.url}${path}`, {
    method,
    ...(body === undefined ? {} : { headers: { "content-type": contentType }, body: text }),
  });
  return { status: response.status, body: await response.json() };
}

const execute = (body: unknown): Promise<Answer> => send("POST", "/api/v2/execute", body);

/** A body that is good, and what is said besides or instead. */
const python = (content: string, more: object = {}): object => ({
  language: "python",
  version: "*",
  files: [{ content }],
  ...more,
});

const bash = (content: string, more: object = {}): object => ({
  ...python(content, more),
  language: "bash",
});

/** Ends for the test what an answer names: the numbers are the machine's. */
const stage = (run: object): unknown => ({
  code: 0,
  signal: null,
  message: null,
  status: null,
  stdout: "",
  stderr: "",
  output: expect.any(String) as string,
  cpu_time: expect.toSatisfy(isNumberOrNull) as unknown,
  wall_time: expect.any(Number) as number,
  memory: expect.toSatisfy(isNumberOrNull) as unknown,
  ...run,
});

const isNumberOrNull = (value: unknown): boolean => value === null || typeof value === "number";

const anyVersion = expect.stringMatching(/^\d+\.\d+\.\d+$/) as string;

describe("GET /api/v2/runtimes", () => {
  test("names what is installed, with Piston's names and three numbers", async () => {
    const { status, body } = await send("GET", "/api/v2/runtimes");
    expect(status).toBe(200);
    const runtimes = body as { language: string; version: string; aliases: string[] }[];
    for (const runtime of runtimes) {
      expect(runtime.version).toMatch(/^\d+\.\d+\.\d+$/);
    }
    const byName = new Map(runtimes.map((runtime) => [runtime.language, runtime]));
    expect(byName.get("python")?.aliases).toEqual(expect.arrayContaining(["py", "python3"]));
    expect(byName.get("javascript")?.aliases).toContain("node-js");
    expect(byName.get("javascript")).not.toHaveProperty("runtime");
  });
});

describe("POST /api/v2/execute", () => {
  test.each<[string, object, object]>([
    ["a program", python("print('hi')"), { stdout: "hi\n", output: "hi\n" }],
    [
      "both streams in order",
      bash("echo out; sleep 0.1; echo err >&2; sleep 0.1; echo more"),
      { stdout: "out\nmore\n", stderr: "err\n", output: "out\nerr\nmore\n" },
    ],
    [
      "a line's end behind stdin",
      python("print([input()])", { stdin: "x" }),
      { stdout: "['x']\n" },
    ],
    [
      "one line's end where there is one",
      python("import sys; print(repr(sys.stdin.read()))", { stdin: "x\n" }),
      { stdout: "'x\\n'\n" },
    ],
    ["an empty line for no stdin", python("print([input()])"), { stdout: "['']\n" }],
    [
      "arguments",
      python("import sys; print(sys.argv[1:])", { args: ["a b", "", 3] }),
      { stdout: "['a b', '', '3']\n" },
    ],
    [
      "files by name, in folders, of all encodings",
      python("", {
        files: [
          { name: "data/raw.bin", content: "00ff", encoding: "hex" },
          { name: "b", content: "/_8", encoding: "base64" },
          {
            name: "./app//main.py",
            content: "print(open('data/raw.bin','rb').read(), open('b','rb').read())",
          },
        ],
      }),
      { stdout: "b'\\x00\\xff' b'\\xff\\xff'\n" },
    ],
    [
      "the name of a file without one",
      bash("echo $0"),
      { stdout: expect.stringMatching(/file0\.code\n$/) as string },
    ],
    [
      "what is null is not specified",
      python("print(1)", { stdin: null, args: null, run_timeout: null, run_memory_limit: null }),
      { stdout: "1\n" },
    ],
    [
      "-1 for the server's own limit of memory",
      python("print(1)", { run_memory_limit: -1, compile_memory_limit: -1 }),
      { stdout: "1\n" },
    ],
    ["unknown fields", python("print(1)", { color: "red" }), { stdout: "1\n" }],
    [
      "RE: an exit code",
      bash("exit 3"),
      { code: 3, status: "RE", message: "Exited with error status 3" },
    ],
    [
      "SG: a signal",
      bash("kill -SEGV $$"),
      { code: null, signal: "SIGSEGV", status: "SG", message: "Caught fatal signal 11" },
    ],
    [
      "TO: the wall clock",
      bash("echo before; sleep 9", { run_timeout: 300 }),
      {
        stdout: "before\n",
        code: null,
        signal: "SIGKILL",
        status: "TO",
        message: "Time limit exceeded (wall clock)",
      },
    ],
  ])("runs %s", async (_what, body, run) => {
    const answer = await execute(body);
    expect(answer).toEqual({
      status: 200,
      body: {
        language: (body as { language: string }).language,
        version: anyVersion,
        run: stage(run),
      },
    });
  });

  test.each([
    ["OL", "stdout", ""],
    ["EL", "stderr", " >&2"],
  ] as const)("keeps what came before %s", async (status, stream, to) => {
    const { body } = await execute(bash(`head -c 3000000 /dev/zero${to}; sleep 2`));
    const { run } = body as { run: Record<string, unknown> };
    const message = `${stream} length exceeded`;
    expect(run).toMatchObject({ status, message, signal: "SIGKILL", code: null });
    expect(run[stream]).toHaveLength(1024 * 1024);
  });

  test("compiles, and runs what came of it", async () => {
    const { body } = await execute({
      language: "c++",
      version: "10.2.0",
      files: [{ content: '#include <cstdio>\nint main() { puts("hi"); return 2; }' }],
    });
    expect(body).toEqual({
      language: "c++",
      version: anyVersion,
      compile: stage({}),
      run: stage({ stdout: "hi\n", code: 2, status: "RE", message: "Exited with error status 2" }),
    });
  });

  test("says the same of the run where it does not compile", async () => {
    const { status, body } = await execute({
      language: "c",
      version: "10.x",
      files: [{ name: "prog", content: "int main(void) { return missing; }" }],
    });
    const { run, compile } = body as Record<string, unknown>;
    const stderr = expect.stringContaining("missing") as string;
    expect(status).toBe(200);
    expect(compile).toEqual(
      stage({ code: 1, status: "RE", message: "Exited with error status 1", stderr }),
    );
    expect(run).toEqual(compile);
  });

  test.each([
    ["python", "*"],
    ["PY", "3.10.0"],
    ["python3", "3.x"],
    ["python", ">=3.6 <4"],
    ["python", "3.10.0-alpha.7"],
  ])("finds %s %s", async (language, version) => {
    const answer = await execute(python("print(1)", { language, version }));
    expect(answer).toMatchObject({
      status: 200,
      body: { language: "python", version: anyVersion },
    });
  });

  test.each<[string, unknown]>([
    ["language is required as a string", {}],
    ["language is required as a string", []],
    ["language is required as a string", null],
    ["language is required as a string", { language: 5 }],
    ["language is required as a string", { language: "" }],
    ["version is required as a string", { language: "python" }],
    ["files is required as an array", { language: "python", version: "*" }],
    ["files is required as an array", { language: "python", version: "*", files: {} }],
    ["files[0].content is required as a string", python("", { files: [{}] })],
    ["files[0].content is required as a string", python("", { files: [null] })],
    [
      "files[1].content is required as a string",
      python("", { files: [{ content: "" }, { content: 1 }] }),
    ],
    ["zzz-* runtime is unknown", python("", { language: "zzz" })],
    ["python-99.9.9 runtime is unknown", python("", { version: "99.9.9" })],
    ["python-latest runtime is unknown", python("", { version: "latest" })],
    ["files must include at least one utf8 encoded file", python("", { files: [] })],
    [
      "files must include at least one utf8 encoded file",
      python("", {
        files: [
          { content: "", encoding: "base64" },
          { content: "", encoding: "latin1" },
        ],
      }),
    ],
    ["If specified, run_timeout must be a number", python("", { run_timeout: "3000" })],
    ["If specified, run_timeout must be a number", python("", { run_timeout: false })],
    ["run_timeout cannot exceed the configured limit of 3000", python("", { run_timeout: 3001 })],
    [
      "compile_timeout cannot exceed the configured limit of 10000",
      python("", { compile_timeout: 1e308 }),
    ],
    ["run_cpu_time cannot exceed the configured limit of 3000", python("", { run_cpu_time: 9999 })],
    ["compile_cpu_time must be non-negative", python("", { compile_cpu_time: -1 })],
    ["run_timeout must be non-negative", python("", { run_timeout: -5 })],
    ["run_memory_limit must be non-negative", python("", { run_memory_limit: -2 })],
    ['run_timeout must be greater than 0, which is not "no limit"', python("", { run_timeout: 0 })],
    [
      'run_memory_limit must be greater than 0, which is not "no limit"',
      python("", { run_memory_limit: 0 }),
    ],
    [
      'compile_cpu_time must be greater than 0, which is not "no limit"',
      python("", { compile_cpu_time: 0 }),
    ],
    ["If specified, stdin must be a string", python("", { stdin: 5 })],
    ["If specified, args must be an array", python("", { args: "abc" })],
    ["args[1] must be a string", python("", { args: ["a", {}] })],
    ['args[0]: has a NUL, which ends an argument: "\\u0000"', python("", { args: ["\0"] })],
    [
      "files[0].name must not lead out of the folder of the program",
      python("", { files: [{ name: "../x", content: "" }] }),
    ],
    [
      "files[0].name must not lead out of the folder of the program",
      python("", { files: [{ name: "/../x", content: "" }] }),
    ],
    [
      "If specified, files[0].name must be a string",
      python("", { files: [{ name: 5, content: "" }] }),
    ],
    [
      "files[1].content is not hex",
      python("", { files: [{ content: "" }, { content: "0g", encoding: "hex" }] }),
    ],
    [
      "files[1].content is not base64",
      python("", { files: [{ content: "" }, { content: "a%b", encoding: "base64" }] }),
    ],
  ])("refuses: %s", async (message, body) => {
    expect(await execute(body)).toEqual({ status: 400, body: { message } });
  });

  test.each<[string, object]>([
    [
      "files[1].name",
      python("", {
        files: [
          { name: "a", content: "" },
          { name: "a", content: "" },
        ],
      }),
    ],
    ["files[0].name", python("", { files: [{ name: "a\0b", content: "" }] })],
    ["args", python("", { args: Array.from({ length: 5000 }, () => "x") })],
    ["run_memory_limit cannot exceed", python("", { run_memory_limit: 1e15 })],
  ])("refuses by name: %s", async (name, body) => {
    const { status, body: answer } = await execute(body);
    expect(status).toBe(400);
    expect((answer as { message: string }).message).toContain(name);
  });

  test("takes JSON that calls itself text, and nothing else", async () => {
    const body = JSON.stringify(python("print(1)"));
    const post = (type: string): Promise<Answer> => send("POST", "/api/v2/execute", body, type);
    expect((await post("text/plain;charset=UTF-8")).status).toBe(200);
    const message = "requests must be of type application/json";
    for (const type of [
      "application/x-www-form-urlencoded",
      "text/html",
      "multipart/form-data; boundary=x",
    ]) {
      expect(await post(type)).toEqual({ status: 415, body: { message } });
    }
  });

  test.each([
    ["POST", "/execute"],
    ["POST", "/packages"],
    ["DELETE", "/packages"],
  ])("%s %s without a body is no JSON", async (method, path) => {
    const message = "requests must be of type application/json";
    expect(await send(method, `/api/v2${path}`)).toEqual({ status: 415, body: { message } });
  });

  test("finds a name for what has none beside those that have one", async () => {
    const main = '#include "file1.code"\nint main() { return VALUE; }';
    const files = [
      { content: main },
      { content: "#include VALUE_FILE\n" },
      { name: "main.c", content: "static int unused;" },
      { name: "main_2.c/x", content: "" },
      { name: "file1.code", content: "#define VALUE 5\n" },
    ];
    const { status, body } = await execute({ language: "c", version: "*", files });
    expect([status, body]).toMatchObject([200, { run: { code: 5 } }]);
  });

  test("a bad body gets a message, and no stack", async () => {
    const { status, body } = await execute("{");
    expect(status).toBe(400);
    expect(Object.keys(body as object)).toEqual(["message"]);
  });

  test("a memory limit is the run's, and the lower one of two", async () => {
    // The provider of this test enforces none; that it is taken is all that can be seen.
    const limits = { run_memory_limit: 64e6, compile_memory_limit: 50.5e6 };
    expect((await execute(python("print(1)", limits))).status).toBe(200);
  });
});

test.each([
  ["GET", "/api/v2"],
  ["GET", "/api/v2/nothing"],
  ["GET", "/api/v2/execute"],
  ["POST", "/api/v2/runtimes"],
  ["GET", "/api/v2/connect"],
])("%s %s is not found", async (method, path) => {
  const body = method === "GET" ? undefined : {};
  expect(await send(method, path, body)).toEqual({ status: 404, body: { message: "Not Found" } });
});

describe("/api/v2/packages", () => {
  test("lists the languages, those that are not installed too", async () => {
    const { status, body } = await send("GET", "/api/v2/packages");
    const packages = body as { language: string; language_version: string; installed: boolean }[];
    expect(status).toBe(200);
    const of = (name: string): typeof packages => packages.filter((each) => each.language === name);
    expect(of("python").filter(({ installed }) => installed)).toHaveLength(1);
    expect(of("python")).toContainEqual({
      language: "python",
      language_version: "3.10.0",
      installed: false,
    });
    expect(packages.some((each) => !each.installed && of(each.language).length === 1)).toBe(true);
  });

  test.each<[string, unknown, number, string | RegExp]>([
    ["POST", {}, 404, "Requested package undefined-undefined does not exist"],
    [
      "POST",
      { language: "zzz", version: "1.0.0" },
      404,
      "Requested package zzz-1.0.0 does not exist",
    ],
    ["DELETE", { language: "zzz", version: "*" }, 404, "Requested package zzz-* does not exist"],
    ["POST", { language: "python", version: "3.10.0" }, 403, /glovebox languages install python$/],
    ["DELETE", { language: "python", version: "3.10.0" }, 500, "Not installed"],
  ])("%s %j is refused", async (method, body, status, message) => {
    const answer = await send(method, "/api/v2/packages", body);
    const text = typeof message === "string" ? message : (expect.stringMatching(message) as string);
    expect(answer).toEqual({ status, body: { message: text } });
  });
});

describe("its clients", () => {
  test.each([
    ["PistonClient", PistonClient],
    ["NodePistonClient", NodePistonClient],
  ])("piston-api-client, %s", async (_name, Client) => {
    const client = new Client({ server: server.url });
    const runtimes = await client.runtimes();
    expect(runtimes.success && runtimes.data.map(({ language }) => language)).toContain("python");
    const ran = await client.execute({
      language: "node-js",
      version: "18.15.0",
      files: [{ content: "console.log(process.argv.slice(2))" }],
      args: ["Hello", "World"],
    });
    expect(ran).toEqual({
      success: true,
      data: {
        language: "javascript",
        version: anyVersion,
        run: stage({ stdout: "[ 'Hello', 'World' ]\n" }),
      },
    });
    const refused = await client.execute({ language: "zzz", version: "*", files: [] });
    expect(refused).toEqual({ success: true, data: { message: "zzz-* runtime is unknown" } });
  });

  test("piston-client, which posts JSON as text", async () => {
    const client = piston({ server: server.url });
    const runtimes = await client.runtimes();
    expect(runtimes.map(({ language }) => language)).toContain("bash");
    const ran = await client.execute("python", "import sys; print(sys.argv[1:])");
    expect(ran).toMatchObject({
      language: "python",
      run: { stdout: "['1', '2', '3']\n", code: 0 },
    });
    const refused = await client.execute("python", "", { runTimeout: 60_000 });
    expect(refused).toEqual({ message: "run_timeout cannot exceed the configured limit of 3000" });
  });
});
