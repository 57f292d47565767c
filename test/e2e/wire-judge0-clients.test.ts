/**
 * @module
 * Judge0 as its own clients use it: the requests of the official Python client as they were recorded,
 * what browsers and programs send with `fetch`, and keys.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { request, startServer, type Answer, type RunningServer } from "./http-fixture.ts";

const runKey = "a-key-that-runs-programs";
const adminKey = "a-key-that-may-do-all";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer(
    { server: { auth: "required" }, limits: { max: { wallTime: "5s" } } },
    () => undefined,
    async ({ keyring }) => {
      const key = { rules: {}, now: Date.now() };
      const rules = { languages: ["python"], executionsPerDay: 8 };
      await keyring.create({ ...key, name: "runs", scopes: ["run"], rules, secret: runKey });
      await keyring.create({ ...key, name: "admin", scopes: ["run", "admin"], secret: adminKey });
    },
  );
});
afterAll(async () => {
  expect(server.faults).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const send = async (
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: unknown,
): Promise<Answer> =>
  request(`${server.url}/judge0${path}`, {
    method,
    headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const asRunner = { "X-Auth-Token": runKey };
const asAdmin = { "X-Auth-User": adminKey };
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const empty = { body: undefined };

/** Of `config_info`, without which the Python client does not start. */
const requiredKeys =
  "allow_enable_network allow_enable_per_process_and_thread_memory_limit allow_enable_per_process_and_thread_time_limit allowed_languages_for_compile_options callbacks_max_tries callbacks_timeout cpu_extra_time cpu_time_limit enable_additional_files enable_batched_submissions enable_callbacks enable_command_line_arguments enable_compiler_options enable_network enable_per_process_and_thread_memory_limit enable_per_process_and_thread_time_limit enable_submission_delete enable_wait_result maintenance_mode max_cpu_extra_time max_cpu_time_limit max_extract_size max_file_size max_max_file_size max_max_processes_and_or_threads max_memory_limit max_number_of_runs max_processes_and_or_threads max_queue_size max_stack_limit max_submission_batch_size max_wall_time_limit memory_limit number_of_runs redirect_stderr_to_stdout stack_limit submission_cache_duration use_docs_as_homepage wall_time_limit".split(
    " ",
  );

describe("the official Python client", () => {
  const headers = {
    ...asRunner,
    "X-Judge0-App": "judge0-python",
    "X-Judge0-App-Version": "0.1.0",
    "User-Agent": "judge0-python/0.1.0",
  };
  /** It asks until neither `In Queue` nor `Processing` is the answer. */
  const untilDone = async (path: string, wanted: (body: unknown) => unknown): Promise<unknown> => {
    let body: unknown;
    await expect
      .poll(
        async () => {
          body = (await send("GET", path, headers)).body;
          return wanted(body);
        },
        { interval: 100, timeout: 20_000 },
      )
      .toBe(true);
    return body;
  };
  const isDone = (submission: unknown): boolean =>
    (submission as { status: { id: number } }).status.id > 2;

  // And the languages: see `wire-judge0.test.ts`.
  test("learns configuration and version", async () => {
    const config = (await send("GET", "/config_info", headers)).body as Record<string, unknown>;
    expect(requiredKeys).toHaveLength(39);
    expect(Object.keys(config)).toEqual(expect.arrayContaining(requiredKeys));
    // Of code that was never released: a client may tell by it what the default of base64 is.
    expect(config).not.toHaveProperty("disable_implicit_base64_encoding");
    // What the operator allows is less than what Judge0 would.
    expect(config).toMatchObject({
      wall_time_limit: 5,
      max_wall_time_limit: 5,
      memory_limit: 128_000,
    });
    expect((await send("GET", "/about", headers)).body).toMatchObject({ version: "1.13.1" });
  });

  test("runs one program", async () => {
    const created = await send("POST", "/submissions?base64_encoded=true&wait=false", headers, {
      source_code: base64("print(input())"),
      language_id: 71,
      stdin: base64("hello"),
      expected_output: base64("hello"),
      redirect_stderr_to_stdout: false,
      enable_network: false,
      number_of_runs: 1,
    });
    expect(created.status).toBe(201);
    const { token } = created.body as { token: string };
    const path = `/submissions/${token}?base64_encoded=true&fields=*`;
    expect(await untilDone(path, isDone)).toMatchObject({
      token,
      language_id: 71,
      stdout: "aGVsbG8K\n",
      status: { id: 3, description: "Accepted" },
    });
  });

  test("runs several programs", async () => {
    const submission = { source_code: base64("print(input())"), language_id: 71 };
    const created = await send("POST", "/submissions/batch?base64_encoded=true", headers, {
      submissions: ["a", "b"].map((stdin) => ({ ...submission, stdin: base64(stdin) })),
    });
    expect(created.status).toBe(201);
    const tokens = (created.body as { token: string }[]).map(({ token }) => token).join(",");
    const path = `/submissions/batch?tokens=${tokens}&base64_encoded=true&fields=*`;
    const all = (body: unknown): boolean =>
      (body as { submissions: unknown[] }).submissions.every(isDone);
    expect(await untilDone(path, all)).toMatchObject({
      submissions: [{ stdout: "YQo=\n" }, { stdout: "Ygo=\n" }],
    });
  });
});

describe("keys", () => {
  test.each<[string, Record<string, string>]>([
    ["none", {}],
    ["a wrong one", { "X-Auth-Token": "a-key-that-is-not-there" }],
  ])("with %s the answer is 401 without a body", async (_name, headers) => {
    for (const [method, path] of [
      ["POST", "/authenticate"],
      ["POST", "/authorize"],
      ["POST", "/submissions"],
      ["GET", "/submissions/batch"],
      ["GET", "/submissions"],
      ["DELETE", "/submissions/x"],
      ["GET", "/languages"],
      ["GET", "/about"],
      ["GET", "/statistics"],
    ] as const) {
      expect(await send(method, path, headers)).toMatchObject({ status: 401, ...empty });
    }
    const { headers: told } = await send("GET", "/about", headers);
    expect(told.get("www-authenticate")).toBe("Bearer");
  });

  test("a key that may not is a 403 without a body", async () => {
    expect(await send("POST", "/authenticate", asRunner)).toMatchObject({ status: 200, ...empty });
    for (const [method, path] of [
      ["POST", "/authorize"],
      ["GET", "/submissions"],
      ["GET", "/statistics"],
      ["DELETE", "/submissions/x"],
    ] as const) {
      expect(await send(method, path, asRunner)).toMatchObject({ status: 403, ...empty });
    }
  });

  test("two keys, in headers or in the query, do as Judge0's two", async () => {
    const both = { ...asRunner, ...asAdmin };
    expect(await send("POST", "/authorize", both)).toMatchObject({ status: 200, ...empty });
    expect(await send("POST", "/authorize", asAdmin)).toMatchObject({ status: 200 });
    const query = `?X-Auth-Token=${runKey}&X-Auth-User=${adminKey}`;
    expect(await send("POST", `/authorize${query}`, {})).toMatchObject({ status: 200 });
    expect(await send("GET", `/submissions${query}`, {})).toMatchObject({ status: 200 });
  });

  test("a submission is its key's, and an administrator's", async () => {
    const body = { source_code: "print(1)", language_id: 71 };
    const ofAdmin = await send("POST", "/submissions", asAdmin, body);
    const { token } = ofAdmin.body as { token: string };
    const path = `/submissions/${token}?fields=token`;
    expect(await send("GET", path, asRunner)).toMatchObject({ status: 404 });
    const batch = `/submissions/batch?tokens=${token}`;
    expect((await send("GET", batch, asRunner)).body).toEqual({ submissions: [null] });
    expect((await send("GET", path, asAdmin)).body).toEqual({ token });
    const own = await send("POST", "/submissions", asRunner, body);
    const { token: other } = own.body as { token: string };
    expect(await send("GET", `/submissions/${other}`, asAdmin)).toMatchObject({ status: 200 });
  });

  test("what a key may not run is a fault of the field", async () => {
    const body = { source_code: "echo", language_id: 46 };
    const answer = await send("POST", "/submissions", asRunner, body);
    const language_id = ['your key allows python, not "bash".'];
    expect([answer.status, answer.body]).toEqual([422, { language_id }]);
  });

  test("a key that has had its executions is told so, and when to come again", async () => {
    const submission = { source_code: "print(1)", language_id: 71 };
    const submissions = Array.from({ length: 9 }, () => submission);
    const answer = await send("POST", "/submissions/batch", asRunner, { submissions });
    expect(answer).toMatchObject({
      status: 429,
      body: { error: expect.stringContaining("8 executions a day") as unknown },
    });
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});

test("fetch, as it is found in the wild: one program, waited for", async () => {
  const response = await fetch(`${server.url}/judge0/submissions?base64_encoded=true&wait=true`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Auth-Token": adminKey },
    body: JSON.stringify({
      source_code: btoa("console.log(require('fs').readFileSync(0, 'utf8'))"),
      language_id: 63,
      stdin: btoa("from stdin"),
    }),
  });
  const result = (await response.json()) as { stdout: string; status: { description: string } };
  expect(result.status.description).toBe("Accepted");
  expect(atob(result.stdout)).toBe("from stdin\n");
});
