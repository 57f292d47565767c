import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { request, startServer, type RunningServer } from "./http-fixture.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer({
    server: { maxFiles: 8, bodyLimit: "1MiB" },
    limits: { max: { wallTime: "20s", memory: "1GiB" } },
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

interface ErrorBody {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details: { readonly issues?: readonly { path: string; message: string }[] };
  };
}

const bash = (more: object): object => ({ language: "bash", code: "echo ran", ...more });
const files = (...paths: readonly string[]): object => ({
  language: "bash",
  files: paths.map((path) => ({ path, content: "echo ran" })),
});
const limits = (more: object): object => bash({ limits: more });

/** The body, the path of the first issue, and a part of its message: the value, the range, what to do. */
const invalid: readonly (readonly [name: string, body: unknown, path: string, part: string])[] = [
  ["an array", [], "body", "an empty array"],
  ["null", null, "body", "null"],
  ["a string", "x", "body", '"x"'],
  ["no language", { code: "x" }, "language", "is required"],
  ["language of a wrong type", bash({ language: 7 }), "language", "not 7"],
  ["empty language", bash({ language: "" }), "language", "at least 1"],
  ["long language", bash({ language: "x".repeat(1000) }), "language", `${"x".repeat(80)}"...`],
  ["neither code nor files", { language: "bash" }, "code", "or files"],
  ["both code and files", { ...bash({}), ...files("a") }, "files", "together with code"],
  ["code of a wrong type", bash({ code: ["x"] }), "code", "an array"],
  ["code that is null", bash({ code: null }), "code", "null"],
  ["half a surrogate pair", bash({ code: "\ud800" }), "code", "surrogate"],
  ["an unknown field", bash({ timeout: 5 }), "timeout", "not a known field"],
  ["a field with control characters", bash({ "a\u001b[2J": 5 }), '["a\\u001b[2J"]', "known"],
  ["a field of the prototype", bash({ constructor: 1 }), "constructor", "not a known field"],
  ["unknown encoding", bash({ code_encoding: "hex" }), "code_encoding", "`utf8` or `base64`"],
  ["base64 without padding", bash({ code: "ZQ", code_encoding: "base64" }), "code", "base64"],
  ["base64 with a break", bash({ code: "ZWNo\nbw==", code_encoding: "base64" }), "code", "\\n"],
  ["base64url", bash({ stdin: "_-8=", stdin_encoding: "base64" }), "stdin", "_-8="],
  ["loose base64 bits", bash({ stdin: "ZR==", stdin_encoding: "base64" }), "stdin", "ZR=="],
  ["stdin_encoding alone", bash({ stdin_encoding: "base64" }), "stdin_encoding", "without stdin"],
  ["code_encoding with files", { ...files("a"), code_encoding: "utf8" }, "code_encoding", "file"],
  ["stdin of a wrong type", bash({ stdin: 5 }), "stdin", "not 5"],
  ["no files", files(), "files", "at least 1"],
  ["files that are an object", { language: "bash", files: {} }, "files", "an array"],
  ["a file without content", { language: "bash", files: [{ path: "a" }] }, "files[0].content", ""],
  [
    "an unknown field of a file",
    { language: "bash", files: [{ path: "a", content: "", mode: 511 }] },
    "files[0].mode",
    "not a known field",
  ],
  [
    "a file that is not base64",
    { language: "bash", files: [{ path: "a", content: "%", encoding: "base64" }] },
    "files[0].content",
    '"%"',
  ],
  ["an empty path", files(""), "files[0].path", "is empty"],
  ["an absolute path", files("a", "/etc/passwd"), "files[1].path", "/etc/passwd"],
  ["a path up", files("../a"), "files[0].path", "../a"],
  ["a path up inside", files("a/../../b"), "files[0].path", ".."],
  ["a dot", files("./a"), "files[0].path", "./a"],
  ["a NUL in a path", files("a\0b"), "files[0].path", "a\\u0000b"],
  ["a newline in a path", files("a\nb"), "files[0].path", "a\\nb"],
  ["a double slash", files("a//b"), "files[0].path", "empty part"],
  ["a slash at the end", files("a/"), "files[0].path", "empty part"],
  ["a long name", files("x".repeat(256)), "files[0].path", "255"],
  ["a long path", files("x/".repeat(600) + "x"), "files[0].path", "1024"],
  ["a deep path", files("x/".repeat(40) + "x"), "files[0].path", "32 parts"],
  ["the same path twice", files("a", "b", "a"), "files[2].path", "files[0].path"],
  ["a file that is a folder too", files("a", "b", "a/b/c"), "files[0].path", "files[2].path"],
  ["a folder that is a file too", files("a/b", "a"), "files[1].path", "files[0].path"],
  ["9 files where 8 are allowed", files(...Array.from("abcdefghi")), "files", "more than 8"],
  ["10,000 files", files(...Array.from({ length: 10_000 }, (_, i) => `f${i}`)), "files", "10000"],
  ["entry that is no file", { ...files("a", "b"), entry: "c" }, "entry", '"c"'],
  ["entry without files", bash({ entry: "main.sh" }), "entry", "without files"],
  ["args that are text", bash({ args: "a b" }), "args", '"a b"'],
  ["an argument that is a number", bash({ args: ["a", 1] }), "args[1]", "not 1"],
  ["a NUL in an argument", bash({ args: ["a\0b"] }), "args[0]", "a\\u0000b"],
  ["2,000 args", bash({ args: Array(2000).fill("") }), "args", "2000"],
  ["args of 200 kB", bash({ args: ["x".repeat(200_000)] }), "args", "131072"],
  ["env that is an array", bash({ env: ["A=1"] }), "env", "an array"],
  ["a variable that is a number", bash({ env: { A: 1 } }), "env.A", "not 1"],
  ["a variable with =", bash({ env: { "A=B": "" } }), 'env["A=B"]', "name"],
  ["an empty variable name", bash({ env: { "": "" } }), 'env[""]', "name"],
  ["a NUL in a variable", bash({ env: { A: "a\0" } }), "env.A", "NUL"],
  [
    "300 variables",
    bash({ env: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`V${i}`, ""])) }),
    "env",
    "300",
  ],
  ["env of 200 kB", bash({ env: { A: "x".repeat(200_000) } }), "env", "131072"],
  ["an unknown limit", limits({ memory: 1 }), "limits.memory", "not a known field"],
  ["limits that are a number", bash({ limits: 5 }), "limits", "not 5"],
  ["limits that are null", bash({ limits: null }), "limits", "null"],
  ["wall time 0", limits({ wall_time_ms: 0 }), "limits.wall_time_ms", "from 10 to 20000"],
  ["negative wall time", limits({ wall_time_ms: -1 }), "limits.wall_time_ms", "not -1"],
  ["a fraction", limits({ cpu_time_ms: 99.5 }), "limits.cpu_time_ms", "not 99.5"],
  ["a number as text", limits({ wall_time_ms: "10s" }), "limits.wall_time_ms", '"10s"'],
  ["a limit that is null", limits({ processes: null }), "limits.processes", "null"],
  ["no processes", limits({ processes: 0 }), "limits.processes", "from 1 to 1024"],
  ["memory under the least", limits({ memory_bytes: 1 }), "limits.memory_bytes", "from 4194304"],
  [
    "memory over the operator's maximum",
    limits({ memory_bytes: 2 ** 31 }),
    "limits.memory_bytes",
    "to 1073741824, the most that this server allows, not 2147483648",
  ],
  ["2^53", limits({ output_bytes: 2 ** 53 }), "limits.output_bytes", "9007199254740992"],
  ["no output", limits({ output_bytes: 0 }), "limits.output_bytes", "not 0"],
  ["no disk", limits({ disk_bytes: 0 }), "limits.disk_bytes", "not 0"],
  ["no open files", limits({ open_files: 0 }), "limits.open_files", "not 0"],
  [
    "code larger than the disk",
    { language: "bash", code: "#".repeat(70_000), limits: { disk_bytes: 65_536 } },
    "code",
    "limits.disk_bytes, 65536",
  ],
  ["an unknown network", bash({ network: "host" }), "network", '"host"'],
  ["an unknown host_files", bash({ host_files: "all" }), "host_files", ""],
  ["network that is true", bash({ network: true }), "network", "true"],
  ["unknown output action", bash({ on_output_limit: "drop" }), "on_output_limit", "`kill`"],
  ["unknown enforcement", bash({ enforcement: "none" }), "enforcement", "best-effort"],
  ["a version that is a number", bash({ version: 3 }), "version", "not 3"],
];

/** Written by hand: JSON that no JSON.stringify makes. */
const odd: readonly (readonly [name: string, text: string, path: string, part: string])[] = [
  ["nothing", "", "body", "is empty"],
  ["broken JSON", '{"language": "bash", ', "body", "is not JSON"],
  ["two values", "{} {}", "body", "is not JSON"],
  ["NaN", '{"limits": {"wall_time_ms": NaN}}', "body", "is not JSON"],
  ["a lone byte order mark", "\ufeff", "body", "is not JSON"],
  [
    "1e999",
    '{"language":"bash","code":"","limits":{"wall_time_ms":1e999}}',
    "limits.wall_time_ms",
    "Infinity",
  ],
  ["__proto__", '{"language":"bash","code":"","__proto__":{"a":1}}', "__proto__", "known"],
  [
    "__proto__ in env",
    '{"language":"bash","code":"","env":{"__proto__":"x"}}',
    "env.__proto__",
    "variable",
  ],
  ["100,000 levels of arrays", "[".repeat(1e5) + "]".repeat(1e5), "body", "deeper than 64"],
  [
    "100,000 levels in a field",
    `{"language":"bash","code":${'{"a":'.repeat(1e5)}1${"}".repeat(1e5)}}`,
    "body",
    "deeper than 64",
  ],
  [
    "100,000 levels in an unknown field",
    `{"language":"bash","code":"","x":${"[".repeat(1e5)}${"]".repeat(1e5)}}`,
    "body",
    "deeper than 64",
  ],
  ["500,000 values", `{"x":[${"1,".repeat(5e5)}1]}`, "body", "more than 200000"],
  ["40,000 bad files", `{"language":"bash","files":[${"1,".repeat(4e4)}1]}`, "files", "40001"],
  ["40,000 bad args", `{"language":"bash","code":"","args":[${"1,".repeat(4e4)}1]}`, "args", ""],
];

const json = { "content-type": "application/json" };

describe("POST /v1/execute refuses, and runs nothing:", () => {
  const rows = [
    ...invalid.map(([name, body, ...rest]) => [name, JSON.stringify(body), ...rest] as const),
    ...odd,
  ];
  test.each(rows)("%s", async (_name, text, path, part) => {
    const before = server.runCount();
    const answer = await request(`${server.url}/v1/execute`, {
      method: "POST",
      headers: json,
      body: text,
    });
    const { error } = answer.body as ErrorBody;
    expect([answer.status, error.code]).toEqual([400, "INVALID_REQUEST"]);
    expect(error.details.issues?.[0]).toMatchObject({ path });
    expect(error.details.issues?.[0]?.message).toContain(part);
    expect(error.message).toContain(path);
    expect(JSON.stringify(error).length).toBeLessThan(8000);
    expect(server.runCount()).toBe(before);
  });

  test("all faults are told at once", async () => {
    const { body } = await server.post("/v1/execute", bash({ args: ["\0"], env: { "1": "" } }));
    const issues = (body as ErrorBody).error.details.issues ?? [];
    expect(issues.map(({ path }) => path)).toEqual(["args[0]", 'env["1"]']);
  });

  test("bytes that are not UTF-8", async () => {
    const body = Buffer.from([0x22, 0xff, 0x22]);
    const answer = await request(`${server.url}/v1/execute`, {
      method: "POST",
      headers: json,
      body,
    });
    expect(answer.status).toBe(400);
    expect((answer.body as ErrorBody).error.message).toContain("UTF-8");
  });
});

test("after all of that the server still runs programs", async () => {
  const answer = await server.post("/v1/execute", bash({}));
  expect(answer.body).toMatchObject({ run: { stdout: "ran\n", outcome: "exited", exit_code: 0 } });
});
