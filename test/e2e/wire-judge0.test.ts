import { createServer, type IncomingMessage } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeZip } from "../helpers/make-zip.ts";
import { request, startServer, type Answer, type RunningServer } from "./http-fixture.ts";

/** Of Judge0: Bash, C, Python and the three that are no languages. */
const BASH = 46;
const C = 50;
const PYTHON = 71;
const PLAIN_TEXT = 43;
const EXECUTABLE = 44;
const MULTI_FILE = 89;

let server: RunningServer;
beforeAll(async () => {
  server = await startServer({ callbacks: { allowPrivate: true }, executions: { maxBatch: 20 } });
});
afterAll(async () => {
  expect(server.faults).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const get = async (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  request(`${server.url}/judge0${path}`, { headers });
const post = async (path: string, body: unknown): Promise<Answer> =>
  server.post(`/judge0${path}`, body);
const del = async (path: string): Promise<Answer> =>
  request(`${server.url}/judge0${path}`, { method: "DELETE" });
const base64 = (text: string | Buffer): string => Buffer.from(text).toString("base64");

async function run(body: object, query = ""): Promise<Record<string, unknown>> {
  const answer = await post(`/submissions?wait=true&fields=*${query}`, body);
  expect(answer.status).toBe(201);
  return answer.body as Record<string, unknown>;
}

async function tokenOf(body: object): Promise<string> {
  const answer = await post("/submissions?wait=true&fields=token", body);
  return (answer.body as { token: string }).token;
}

describe("a submission that is waited for", () => {
  test("has the usual fields", async () => {
    const body = { source_code: "cat; echo oops >&2", language_id: BASH, stdin: "hé\n" };
    expect(await post("/submissions?wait=true", body)).toMatchObject({
      status: 201,
      body: {
        token: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/) as unknown,
        stdout: "hé\n",
        stderr: "oops\n",
        compile_output: null,
        message: null,
        status: { id: 3, description: "Accepted" },
      },
    });
  });

  test("has all fields where they are asked for, and texts in base64 with line breaks", async () => {
    const source = `echo ${"x".repeat(60)}`;
    const answer = await post("/submissions?base64_encoded=true&wait=true&fields=*", {
      source_code: base64(source),
      language_id: `${BASH}`,
      stdin: base64("in"),
      expected_output: base64("x".repeat(60)),
      command_line_arguments: "'a b' c",
      cpu_time_limit: "2.5",
      number_of_runs: null,
    });
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown;
    expect(answer.body).toEqual({
      source_code: base64(source).replace(/.{1,60}/g, "$&\n"),
      language_id: BASH,
      language: { id: BASH, name: "Bash" },
      stdin: "aW4=\n",
      expected_output: base64("x".repeat(60)).replace(/.{1,60}/g, "$&\n"),
      stdout: base64(`${"x".repeat(60)}\n`).replace(/.{1,60}/g, "$&\n"),
      stderr: null,
      compile_output: null,
      message: null,
      status_id: 3,
      status: { id: 3, description: "Accepted" },
      created_at: time,
      finished_at: time,
      time: null,
      memory: null,
      wall_time: expect.stringMatching(/^\d+\.\d{1,3}$/) as unknown,
      exit_code: 0,
      exit_signal: null,
      token: expect.any(String) as unknown,
      number_of_runs: 1,
      cpu_time_limit: "2.5",
      cpu_extra_time: "1.0",
      wall_time_limit: "10.0",
      memory_limit: 128_000,
      stack_limit: 64_000,
      max_processes_and_or_threads: 60,
      enable_per_process_and_thread_time_limit: false,
      enable_per_process_and_thread_memory_limit: false,
      max_file_size: 1024,
      compiler_options: null,
      command_line_arguments: "'a b' c",
      redirect_stderr_to_stdout: false,
      callback_url: null,
      additional_files: null,
      enable_network: false,
    });
  });

  test("may come as a form", async () => {
    const form = new URLSearchParams({ source_code: "echo form", language_id: "46" });
    const answer = await request(`${server.url}/judge0/submissions?wait=true&fields=stdout`, {
      method: "POST",
      body: form,
    });
    expect(answer).toMatchObject({ status: 201, body: { stdout: "form\n" } });
  });
});

const exitWith = (signal: string): object => ({ source_code: `kill -${signal} $$` });

test.each<[number, string, object, object]>([
  [3, "no expectation", { source_code: "echo a" }, { message: null }],
  [3, "a right answer", { source_code: "echo a", expected_output: "a" }, {}],
  [4, "a wrong answer", { source_code: "echo a", expected_output: "b" }, { stdout: "a\n" }],
  [
    5,
    "no time left",
    { source_code: "echo begun; sleep 20", wall_time_limit: 1 },
    { message: "Time limit exceeded (wall clock)", stdout: "begun\n" },
  ],
  [
    6,
    "no program",
    { source_code: "int main( {", language_id: C },
    { stdout: null, message: null },
  ],
  [7, "SIGSEGV", exitWith("SEGV"), { exit_signal: 11, message: "Caught fatal signal 11" }],
  [8, "SIGXFSZ", exitWith("XFSZ"), { exit_signal: 25 }],
  [8, "too much output", { source_code: "yes", max_file_size: 1 }, { exit_signal: 25 }],
  [9, "SIGFPE", exitWith("FPE"), { exit_signal: 8 }],
  [10, "SIGABRT", exitWith("ABRT"), { exit_signal: 6 }],
  [11, "an exit code", { source_code: "exit 3" }, { exit_code: 3, exit_signal: null }],
  [12, "another signal", exitWith("KILL"), { exit_signal: 9, exit_code: null }],
  [
    14,
    "no program for this machine",
    { source_code: "\u007fELF\u0000\u0001", language_id: EXECUTABLE },
    { exit_code: 126 },
  ],
])("the status is %i for %s", async (id, _name, body, expected) => {
  const answer = await run({ language_id: BASH, ...body });
  expect(answer).toMatchObject({ status_id: id, status: { id }, ...expected });
});

describe("what a submission can ask for", () => {
  test("arguments, without a shell", async () => {
    const body = { source_code: 'printf "<%s>" "$@"', language_id: BASH };
    const answer = await run({ ...body, command_line_arguments: 'a \'b c\' $(id) ; "d\\""' });
    expect(answer).toMatchObject({ stdout: '<a><b c><$(id)><;><d">' });
  });

  test("options of the compiler", async () => {
    const source_code =
      '#include <stdio.h>\n#include <math.h>\nint main(int n, char **v) { printf("%d %.1f", N, cos(n - 1)); }';
    const body = { source_code, language_id: C, compiler_options: "-DN=7 -lm -O2" };
    expect(await run(body)).toMatchObject({ stdout: "7 1.0", compiler_options: "-DN=7 -lm -O2" });
  });

  test("both streams as one", async () => {
    const body = { source_code: "echo a; echo b >&2; echo c", language_id: BASH };
    const answer = await run({ ...body, redirect_stderr_to_stdout: "true" });
    expect(answer["stderr"]).toBe(null);
    expect(String(answer["stdout"]).split("\n").sort()).toEqual(["", "a", "b", "c"]);
  });

  test("several runs, up to the first that is not accepted", async () => {
    const runs = server.runCount();
    const body = { language_id: BASH, number_of_runs: 3 };
    expect(await run({ ...body, source_code: "echo a" })).toMatchObject({ status_id: 3 });
    expect(server.runCount()).toBe(runs + 3);
    expect(await run({ ...body, source_code: "exit 1" })).toMatchObject({ status_id: 11 });
    expect(server.runCount()).toBe(runs + 4);
  });

  test("a text as it is", async () => {
    expect(await run({ source_code: "just $HOME\n", language_id: PLAIN_TEXT })).toMatchObject({
      stdout: "just $HOME\n",
      source_code: "just $HOME\n",
    });
  });

  test("further files, none of which takes the program's place", async () => {
    const zip = makeZip([
      { path: "main.sh", content: "echo other" },
      { path: "lib/tool", content: "#!/bin/sh\ncat data.txt", mode: 0o100755 },
      { path: "data.txt", content: "data" },
    ]);
    const body = { source_code: "./lib/tool", language_id: BASH };
    const answer = await run({ ...body, additional_files: base64(zip) });
    expect(answer).toMatchObject({ stdout: "data", stderr: null });
    const whole = String(answer["additional_files"]);
    expect(whole).toMatch(/^(.{60}\n)+.{1,60}\n$/);
    expect(Buffer.from(whole, "base64")).toEqual(zip);
  });

  describe("a program of several files", () => {
    const runScript = { path: "run", content: 'cat made; printf "<%s>" "$@"; cat' };
    const project = async (...files: { path: string; content: string }[]) =>
      run({
        language_id: MULTI_FILE,
        additional_files: base64(makeZip(files)),
        command_line_arguments: "x",
        stdin: "in",
      });

    test("that is compiled first", async () => {
      const compile = { path: "compile", content: "echo made > made; echo built; echo warned >&2" };
      expect(await project(compile, runScript)).toMatchObject({
        status_id: 3,
        stdout: "made\n<x>in",
        compile_output: "built\nwarned\n",
        source_code: null,
      });
    });

    test("that can't be compiled", async () => {
      const compile = { path: "compile.sh", content: "echo wrong >&2; exit 7" };
      expect(await project(compile, runScript)).toMatchObject({
        status_id: 6,
        stdout: null,
        compile_output: "wrong\n",
        exit_code: null,
      });
    });

    test("that needs no compiler", async () => {
      const answer = await project({ path: "run.sh", content: "cat" });
      expect(answer).toMatchObject({ status_id: 3, stdout: "in", compile_output: null });
    });
  });

  test("a callback, which is a PUT with the usual fields in base64", async () => {
    let arrived: (message: IncomingMessage) => void;
    const message = new Promise<IncomingMessage>((resolve) => (arrived = resolve));
    const receiver = createServer((incoming, outgoing) => {
      outgoing.end();
      arrived(incoming);
    }).listen(0, "127.0.0.1");
    await once(receiver, "listening");
    const callback_url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/done?a=b`;
    const body = { source_code: "echo a", language_id: BASH, callback_url };
    const { body: created } = await post("/submissions", body);
    const { method, url, headers } = await message;
    expect([method, url, headers["content-type"]]).toEqual([
      "PUT",
      "/done?a=b",
      "application/json",
    ]);
    receiver.close();
    const { token } = created as { token: string };
    expect((await get(`/submissions/${token}?fields=stdout,callback_url`)).body).toEqual({
      stdout: "a\n",
      callback_url,
    });
  });
});

describe("texts that are not UTF-8", () => {
  const binary = { source_code: "printf '\\xff'", language_id: BASH };
  const text =
    "some attributes for this submission cannot be converted to UTF-8, use base64_encoded=true query parameter";
  const ofSeveral = text.replace("this submission", "one or more submissions");

  test("are refused without base64, with the token where it is new", async () => {
    const { status, body } = await post("/submissions?wait=true", binary);
    const { token } = body as { token: string };
    expect([status, body]).toEqual([201, { error: text, token: expect.any(String) as unknown }]);
    expect(await get(`/submissions/${token}`)).toMatchObject({
      status: 400,
      body: { error: text },
    });
    expect(await get(`/submissions/batch?tokens=${token}`)).toMatchObject({
      status: 400,
      body: { error: ofSeveral },
    });
    expect(await get("/submissions?per_page=1")).toMatchObject({
      status: 400,
      body: { error: ofSeveral },
    });
    const encoded = await get(`/submissions/${token}?base64_encoded=true&fields=stdout`);
    expect(encoded.body).toEqual({ stdout: "/w==\n" });
    expect((await get(`/submissions/${token}?fields=status_id`)).body).toEqual({ status_id: 3 });
  });

  test("can be what is compared, and what is run", async () => {
    const body = {
      source_code: base64(Buffer.from("printf '\xff'", "latin1")),
      expected_output: base64(Buffer.from([0xff])),
      language_id: BASH,
    };
    const answer = await post("/submissions?wait=true&base64_encoded=true", body);
    expect(answer.body).toMatchObject({ stdout: "/w==\n", status: { id: 3 } });
  });
});

const program = { source_code: "echo a", language_id: BASH };

test.each<[string, object, object]>([
  [
    "nothing",
    { source_code: undefined, language_id: undefined },
    {
      source_code: ["can't be blank"],
      language_id: ["can't be blank", "language with id  doesn't exist"],
    },
  ],
  ["blank code", { source_code: " \n" }, { source_code: ["can't be blank"] }],
  ["code that is none", { source_code: { a: 1 } }, { source_code: ["can't be blank"] }],
  [
    "an unknown language",
    { language_id: 150 },
    { language_id: ["language with id 150 doesn't exist"] },
  ],
  ["no id", { language_id: "abc" }, { language_id: ["language with id 0 doesn't exist"] }],
  [
    "an old language",
    { language_id: 34 },
    { language_id: ["language with id 34 is archived and cannot be used anymore"] },
  ],
  ["no number", { cpu_time_limit: "fast" }, { cpu_time_limit: ["is not a number"] }],
  ["half a number", { cpu_time_limit: "1x" }, { cpu_time_limit: ["is not a number"] }],
  ["true as a number", { memory_limit: true }, { memory_limit: ["is not a number"] }],
  [
    "a negative time",
    { cpu_time_limit: -1 },
    { cpu_time_limit: ["must be greater than or equal to 0"] },
  ],
  [
    "too much CPU time",
    { cpu_time_limit: 15.5 },
    { cpu_time_limit: ["must be less than or equal to 15"] },
  ],
  [
    "endless time",
    { wall_time_limit: "1e999" },
    { wall_time_limit: ["must be less than or equal to 20"] },
  ],
  [
    "no wall time",
    { wall_time_limit: 0 },
    { wall_time_limit: ["must be greater than or equal to 1"] },
  ],
  ["extra time", { cpu_extra_time: 6 }, { cpu_extra_time: ["must be less than or equal to 5"] }],
  [
    "little memory",
    { memory_limit: 2047 },
    { memory_limit: ["must be greater than or equal to 2048"] },
  ],
  [
    "much memory",
    { memory_limit: "512001" },
    { memory_limit: ["must be less than or equal to 512000"] },
  ],
  [
    "a large stack",
    { stack_limit: 128_001 },
    { stack_limit: ["must be less than or equal to 128000"] },
  ],
  [
    "no process",
    { max_processes_and_or_threads: 0 },
    { max_processes_and_or_threads: ["must be greater than 0"] },
  ],
  [
    "many processes",
    { max_processes_and_or_threads: 121 },
    { max_processes_and_or_threads: ["must be less than or equal to 120"] },
  ],
  [
    "large files",
    { max_file_size: 4097 },
    { max_file_size: ["must be less than or equal to 4096"] },
  ],
  ["no run", { number_of_runs: 0 }, { number_of_runs: ["must be greater than 0"] }],
  ["many runs", { number_of_runs: 21 }, { number_of_runs: ["must be less than or equal to 20"] }],
  [
    "options where nothing is compiled",
    { compiler_options: "-O2" },
    { compiler_options: ["setting compiler options is only allowed for compiled languages"] },
  ],
  [
    "long options",
    { language_id: C, compiler_options: "x".repeat(513) },
    { compiler_options: ["is too long (maximum is 512 characters)"] },
  ],
  [
    "long arguments",
    { command_line_arguments: "x".repeat(513) },
    { command_line_arguments: ["is too long (maximum is 512 characters)"] },
  ],
  [
    "half a quote",
    { command_line_arguments: "'a" },
    { command_line_arguments: ["has a quote or a backslash without its end"] },
  ],
  [
    "a NUL",
    { command_line_arguments: "a\0b" },
    { command_line_arguments: [expect.stringContaining("NUL")] },
  ],
  [
    "the network",
    { enable_network: true },
    { enable_network: ["enabling network is not allowed"] },
  ],
  [
    "a callback to no address",
    { callback_url: "file:///etc/passwd" },
    { callback_url: [expect.stringContaining("http")] },
  ],
  [
    "files that are no zip",
    { additional_files: base64("PK") },
    { additional_files: ["is no zip, in base64"] },
  ],
  [
    "files that lie elsewhere",
    { additional_files: base64(makeZip([{ path: "../a" }])) },
    { additional_files: [expect.stringContaining("`..`")] },
  ],
  [
    "files in each other's way",
    { additional_files: base64(makeZip([{ path: "main.sh/a" }])) },
    { additional_files: [expect.stringContaining("main.sh")] },
  ],
  [
    "a project with code",
    { language_id: MULTI_FILE },
    { source_code: ["must be blank"], additional_files: ["can't be blank"] },
  ],
  [
    "a project without run",
    {
      source_code: "",
      language_id: MULTI_FILE,
      additional_files: base64(makeZip([{ path: "a" }])),
    },
    { additional_files: ["has no script with the name run"] },
  ],
  [
    "several faults",
    { memory_limit: 1, number_of_runs: -1 },
    {
      memory_limit: ["must be greater than or equal to 2048"],
      number_of_runs: ["must be greater than 0"],
    },
  ],
])("%s can't be asked for", async (_name, more, errors) => {
  const runs = server.runCount();
  const answer = await post("/submissions?wait=true", { ...program, ...more });
  expect([answer.status, answer.body]).toEqual([422, errors]);
  expect(server.runCount()).toBe(runs);
});

describe("many submissions", () => {
  test("come in one request, and are asked for in another", async () => {
    const { status, body } = await post("/submissions/batch?base64_encoded=true", {
      submissions: [
        { source_code: base64("echo 0"), language_id: BASH },
        { source_code: "", language_id: BASH },
        { source_code: base64("print(2)"), language_id: PYTHON },
      ],
    });
    expect([status, body]).toEqual([
      201,
      [
        { token: expect.any(String) as unknown },
        { source_code: ["can't be blank"] },
        { token: expect.any(String) as unknown },
      ],
    ]);
    const [first, , third] = body as { token: string }[];
    const tokens = [third?.token, "no-such-token", first?.token].join(",");
    const fields = "fields=token,stdout,stderr,status_id,language_id";
    const path = `/submissions/batch?tokens=${tokens}&${fields}`;
    const wanted = {
      submissions: [
        { token: third?.token, stdout: "2\n", stderr: null, status_id: 3, language_id: PYTHON },
        null,
        { token: first?.token, stdout: "0\n", stderr: null, status_id: 3, language_id: BASH },
      ],
    };
    await expect.poll(async () => (await get(path)).body, { timeout: 20_000 }).toEqual(wanted);
    const inHeader = await get(`/submissions/batch?${fields}`, { tokens });
    expect(inHeader.body).toEqual(wanted);
  });

  const tooMany = "number of submissions in a batch should be less than or equal to 20";
  const none = "there should be at least one submission in a batch";

  test.each<[unknown, number, unknown]>([
    [{ submissions: [] }, 400, { error: none }],
    [{}, 400, { error: none }],
    [[], 400, { error: none }],
    [{ submissions: "all" }, 400, { error: none }],
    [{ submissions: Array.from({ length: 21 }, () => program) }, 400, { error: tooMany }],
    [
      { submissions: [null, { ...program, memory_limit: 1 }] },
      422,
      [
        expect.objectContaining({ source_code: ["can't be blank"] }),
        { memory_limit: ["must be greater than or equal to 2048"] },
      ],
    ],
  ])("%j is refused", async (body, ...expected) => {
    const answer = await post("/submissions/batch", body);
    expect([answer.status, answer.body]).toEqual(expected);
  });

  test.each([
    ["", none],
    ["?tokens=", none],
    [`?tokens=${"a,".repeat(21)}`, tooMany],
    ["?tokens=a&fields=b", "invalid fields: [b]"],
  ])("GET /submissions/batch%s is refused", async (query, error) => {
    const answer = await get(`/submissions/batch${query}`);
    expect([answer.status, answer.body]).toEqual([400, { error }]);
  });
});

describe("submissions that are kept", () => {
  test("are there by their token, with the fields that are asked for", async () => {
    const { status, body } = await post("/submissions", program);
    expect([status, Object.keys(body as object)]).toEqual([201, ["token"]]);
    const { token } = body as { token: string };
    const path = `/submissions/${token}?fields=status,stdout`;
    const done = { status: { id: 3, description: "Accepted" }, stdout: "a\n" };
    await expect.poll(async () => (await get(path)).body).toEqual(done);
  });

  test.each(["fields=token,x,time,y", "fields=x,y"])(
    "?%s names fields there are not",
    async (query) => {
      const error = "invalid fields: [x, y]";
      for (const path of [
        "/submissions",
        "/submissions/some-token",
        "/submissions/batch?tokens=a",
      ]) {
        const answer = await get(`${path}${path.includes("?") ? "&" : "?"}${query}`);
        expect([answer.status, answer.body]).toEqual([400, { error }]);
      }
      expect(await post(`/submissions?${query}`, program)).toMatchObject({ status: 400 });
    },
  );

  test("are listed by pages, the newest first", async () => {
    const older = await tokenOf(program);
    const newer = await tokenOf(program);
    const { body } = await get("/submissions?per_page=1&page=1&fields=token");
    const { meta } = body as { meta: { total_count: number } };
    const total = meta.total_count;
    expect(body).toEqual({
      submissions: [{ token: newer }],
      meta: {
        current_page: 1,
        next_page: 2,
        prev_page: null,
        total_pages: total,
        total_count: total,
      },
    });
    const second = await get("/submissions?per_page=1&page=2&fields=token");
    expect(second.body).toMatchObject({
      submissions: [{ token: older }],
      meta: { current_page: 2, prev_page: 1 },
    });
    const last = await get(`/submissions?page=${total + 1}&per_page=1&fields=token`);
    expect(last.body).toMatchObject({ submissions: [], meta: { next_page: null } });
  });

  test.each([
    ["page=-4", "invalid page: -4"],
    ["page=0", "invalid page: 0"],
    ["page=x", "invalid page: 0"],
    ["per_page=-2", "invalid per_page: -2"],
  ])("?%s is no page", async (query, error) => {
    const answer = await get(`/submissions?${query}`);
    expect([answer.status, answer.body]).toEqual([400, { error }]);
  });

  test("are deleted, and answered in base64 once more", async () => {
    const token = await tokenOf(program);
    expect(await del(`/submissions/${token}?fields=stdout,token`)).toMatchObject({
      status: 200,
      body: { stdout: "YQo=\n", token },
    });
    const gone = { status: 404, body: { status: 404, error: "Not Found" } };
    expect(await get(`/submissions/${token}`)).toMatchObject(gone);
    expect(await del(`/submissions/${token}`)).toMatchObject(gone);
  });

  test("can't be deleted while they run", async () => {
    const { body } = await post("/submissions", {
      ...program,
      source_code: "sleep 60",
      wall_time_limit: 20,
    });
    const { token } = body as { token: string };
    const status = async (): Promise<unknown> => {
      return (await get(`/submissions/${token}?fields=status_id`)).body;
    };
    await expect.poll(status).toEqual({ status_id: 2 });
    const answer = await del(`/submissions/${token}`);
    const error = "submission cannot be deleted because its status is 2 (Processing)";
    expect([answer.status, answer.body]).toEqual([400, { error }]);
    await server.kept.executions.cancel(token, AbortSignal.timeout(10_000));
    expect(await status()).toEqual({ status_id: 13 });
  });

  test("of another interface are none", async () => {
    const { body } = await server.post("/v1/executions", { language: "bash", code: "echo a" });
    const { id } = body as { id: string };
    expect(await get(`/submissions/${id}`)).toMatchObject({ status: 404 });
    expect((await get(`/submissions/batch?tokens=${id}`)).body).toEqual({ submissions: [null] });
  });
});

describe("what the server tells of itself", () => {
  test("its languages", async () => {
    const { body } = await get("/languages");
    const active = body as { id: number; name: string }[];
    const python = active.find(({ id }) => id === PYTHON);
    expect(python?.name).toMatch(/^Python \(3\.\d+\.\d+\)$/);
    expect(Object.keys(active[0] ?? {})).toEqual(["id", "name"]);
    expect(active.map(({ id }) => id)).toEqual(
      expect.arrayContaining([PLAIN_TEXT, EXECUTABLE, BASH, C, MULTI_FILE]),
    );
    expect(Math.min(...active.map(({ id }) => id))).toBe(PLAIN_TEXT);
    const names = active.map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    const all = (await get("/languages/all")).body as object[];
    expect(all).toContainEqual({ ...python, is_archived: false });
    expect(all).toContainEqual(expect.objectContaining({ id: 34, is_archived: true }));
    expect((await get(`/languages/${C}`)).body).toEqual({
      id: C,
      name: expect.stringMatching(/^C \(GCC \d/) as unknown,
      is_archived: false,
      source_file: "main.c",
      compile_cmd: expect.stringMatching(/^gcc .* main\.c %s/) as unknown,
      run_cmd: "./.glovebox-a.out",
    });
    for (const path of ["/languages/150", "/languages/x"]) {
      expect(await get(path)).toMatchObject({ status: 404, body: { error: "Not Found" } });
    }
  });

  test("its statuses", async () => {
    const statuses = (await get("/statuses")).body as object[];
    expect(statuses).toHaveLength(14);
    expect(statuses[6]).toEqual({ id: 7, description: "Runtime Error (SIGSEGV)" });
  });

  test("its state", async () => {
    expect((await get("/about")).body).toMatchObject({ version: "1.13.1" });
    expect((await get("/system_info")).body).toHaveProperty("CPU(s)");
  });

  test("its workers", async () => {
    await using small = await startServer({ concurrency: 2 });
    const workers = async () => (await request(`${small.url}/judge0/workers`)).body;
    const none = { queue: "1.13.1", size: 0, available: 2, paused: 0, failed: 0 };
    expect(await workers()).toEqual([{ ...none, idle: 2, working: 0 }]);
    const waiting = { language: "bash", code: "read -r line", interactive: true };
    const { id } = (await small.post("/v1/executions", waiting)).body as { id: string };
    await expect.poll(workers).toEqual([{ ...none, idle: 1, working: 1 }]);
    await small.post(`/v1/executions/${id}/cancel`, {});
    await expect.poll(workers).toEqual([{ ...none, idle: 2, working: 0 }]);
  });

  test("its statistics, counted at most every 10 s", async () => {
    await using small = await startServer();
    const statistics = async () =>
      (await request(`${small.url}/judge0/statistics?invalidate_cache=true`)).body;
    const submit = async () => small.post("/judge0/submissions?wait=true", program);
    const {
      body: { token },
    } = (await submit()) as { body: { token: string } };
    const { created_at } = (await request(`${small.url}/judge0/submissions/${token}?fields=*`))
      .body as { created_at: string };
    const first = await statistics();
    expect(first).toMatchObject({
      submissions: { total: 1, last_30_days: { [created_at.slice(0, 10)]: 1 } },
      languages: [{ language: { id: BASH, name: "Bash" }, count: 1 }],
      statuses: [{ status: { id: 3, name: "Accepted" }, count: 1 }],
    });
    await submit();
    expect(await statistics()).toEqual(first);
  });

  test.each([
    ["/version", /^1\.13\.1$/],
    ["/license", /MIT/],
    ["/isolate", /Glovebox 1\.2\.3/],
  ])("%s is text", async (path, text) => {
    const response = await fetch(`${server.url}/judge0${path}`);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(await response.text()).toMatch(text);
  });

  test.each(["authenticate", "authorize"])(
    "%s: everybody may, where there are no keys",
    async (path) => {
      const init = { method: "POST", headers: { "content-type": "application/json" } };
      expect(await request(`${server.url}/judge0/${path}`, init)).toMatchObject({
        status: 200,
        body: undefined,
      });
    },
  );
});

test.each<[string, string, number]>([
  ["no JSON", "{", 400],
  ["too deep", "[".repeat(100), 400],
  ["null", "null", 422],
  ["an array", "[]", 422],
  ["a number", "5", 422],
])("%s as a body is a fault of the client", async (_name, body, status) => {
  for (const path of ["/submissions", "/submissions/batch"]) {
    const answer = await request(`${server.url}/judge0${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    expect([status, 400]).toContain(answer.status);
  }
});

test("a foreign web page can't send a form", async () => {
  const runs = server.runCount();
  const answer = await request(`${server.url}/judge0/submissions?wait=true`, {
    method: "POST",
    headers: { origin: "https://evil.example" },
    body: new URLSearchParams({ source_code: "echo a", language_id: "46" }),
  });
  expect(answer).toMatchObject({ status: 403, body: { error: expect.any(String) as unknown } });
  expect(server.runCount()).toBe(runs);
});

test("a form with more fields than anybody needs is refused", async () => {
  const answer = await request(`${server.url}/judge0/submissions`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "a=b&".repeat(1001),
  });
  expect(answer).toMatchObject({ status: 400 });
});

test("small zips in one request can't become more than a body may have", async () => {
  const zip = base64(makeZip([{ path: "zeros", content: Buffer.alloc(9 * 2 ** 20) }]));
  const submission = { source_code: "wc -c < zeros", language_id: BASH, additional_files: zip };
  const answer = await post("/submissions/batch", { submissions: [submission, submission] });
  expect([answer.status, answer.body]).toEqual([
    201,
    [
      { token: expect.any(String) as unknown },
      { additional_files: ["has 9437184 bytes unpacked, more than 7340032"] },
    ],
  ]);
});

test("too large a body is refused, and its connection is kept", async () => {
  await using small = await startServer({ server: { bodyLimit: "1KiB" } });
  const answer = await small.post("/judge0/submissions", { source_code: "x".repeat(100_000) });
  expect(answer).toMatchObject({ status: 413, body: { error: expect.any(String) as unknown } });
  expect(answer.headers.get("connection")).not.toBe("close");
});

test("other types of bodies are refused in Judge0's shape", async () => {
  const answer = await request(`${server.url}/judge0/submissions`, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: "{}",
  });
  expect(answer).toMatchObject({ status: 415, body: { error: expect.any(String) as unknown } });
});
