/**
 * @module
 * What comes back from AWS, or from what somebody put in its place, and what lies in the folder in which
 * functions are remembered: none of it may be taken for more than it is.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Command } from "../../src/core/command.ts";
import type { Execution } from "../../src/core/execution.ts";
import type { Provider } from "../../src/core/provider.ts";
import type { SandboxSpec } from "../../src/core/sandbox.ts";
import { nameOfFolder } from "../../src/providers/lambda/function-of-sandbox.ts";
import { providerLoaders } from "../../src/providers/index.ts";
import { createLambdaProvider } from "../../src/providers/lambda/index.ts";
import { glovebox, resultOf, startCli } from "../e2e/cli-fixture.ts";
import { startLambdaEmulator, type LambdaEmulator } from "../helpers/lambda-emulator/emulator.ts";
import type { ApiAnswer } from "../helpers/lambda-emulator/http.ts";

const MIB = 1024 * 1024;
const SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const temporary = realpathSync(mkdtempSync(join(tmpdir(), "lambda-answers-test-")));
let emulator: LambdaEmulator;
let provider: Provider;
let folder: string;
let state: string;

beforeEach(async () => {
  // Each run is answered by a test: nothing really runs.
  emulator = await startLambdaEmulator(await providerLoaders.process());
  folder = mkdtempSync(join(temporary, "folder-"));
  state = join(mkdtempSync(join(temporary, "state-")), "lambda");
  provider = providerAt(emulator.url);
});
afterEach(async () => {
  await provider.close();
  await emulator[Symbol.asyncDispose]();
});
afterAll(() => {
  rmSync(temporary, { recursive: true, force: true });
});

const providerAt = (endpoint: string): Provider =>
  createLambdaProvider({
    ...{ stateFolder: state, env: {} },
    aws: {
      ...{ endpoint, region: "us-east-1" },
      credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: SECRET_KEY },
    },
  });

const spec = (): SandboxSpec => ({
  policy: {
    network: { mode: "all" },
    workspace: { kind: "mount", hostPath: folder, access: "ro" },
  },
  limits: { memoryBytes: 256 * MIB, processes: 64, diskBytes: 32 * MIB, openFiles: 128 },
  ...{ files: [], hostPrograms: [], enforcement: "strict" },
});

interface Ran extends Pick<Execution, "outcome" | "usage" | "droppedBytes"> {
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  argv: readonly string[] = ["true"],
  parts: Partial<Command> = {},
  signal = new AbortController().signal,
): Promise<Ran> {
  const sandbox = await provider.create(spec(), signal);
  const text = { stdout: "", stderr: "" };
  try {
    const execution = await sandbox.exec(
      {
        ...{ argv, env: {}, cwd: "/workspace", stdin: "empty", onOutputLimit: "truncate" },
        limits: { wallTimeMs: 10_000, cpuTimeMs: "unlimited", outputBytes: 1000 },
        onOutput: (stream, chunk) => {
          text[stream] += chunk.toString();
        },
        ...parts,
      },
      signal,
    );
    return { ...execution, ...text };
  } finally {
    await sandbox.destroy();
  }
}

/** What the next run is answered. */
function answer(payload: unknown, headers: ApiAnswer["headers"] = {}, log = ""): void {
  const encoded = Buffer.from(log).toString("base64");
  const body = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
  emulator.failures.set(`POST /functions/${nameOfFolder(folder)}/invocations`, [
    { status: 200, body, headers: { "x-amz-log-result": encoded, ...headers } },
  ]);
}

const failed = { "x-amz-function-error": "Unhandled" } as const;
const ended = {
  ...{ glovebox: 1, exit_code: 0, signal: null, ended: null, not_started: null },
  ...{ output: [] as (readonly [string, string])[], dropped: { o: 0, e: 0 }, wall_ms: 5 },
};
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const handler = "def lambda_handler(event, context): return event\n";

describe("an answer", () => {
  test.each([
    ["a command's", ["true"], { ...ended, output: [["o", base64("x".repeat(5000))]] }],
    ["a handler's", ["./main.py"], "x".repeat(5000)],
  ])("that is longer than allowed, %s, is cut here, and counted", async (_what, argv, value) => {
    writeFileSync(join(folder, "main.py"), handler);
    answer(value);
    const { stdout, droppedBytes, outcome } = await run(argv);
    expect(stdout).toBe("x".repeat(1000));
    expect(droppedBytes.stdout).toBeGreaterThanOrEqual(4000);
    expect(outcome).toEqual({ kind: "exited", exitCode: 0 });
  });

  test("in many parts is no longer either, and ends the run where that was asked for", async () => {
    const output = Array.from({ length: 3000 }, () => ["o", base64("y")] as const);
    answer({ ...ended, output });
    const { stdout, outcome } = await run(["true"], { onOutputLimit: "kill" });
    expect(stdout).toBe("y".repeat(1000));
    expect(outcome).toEqual({ kind: "limit", limit: "output", exitCode: null });
  });

  test.each([
    ["no JSON", Buffer.from("\x1b]0;owned\x07{")],
    ["another one's", { statusCode: 200, body: "hello" }],
    ["a list too deep", Buffer.from("[".repeat(500_000))],
    ["a prototype", Buffer.from(`{"__proto__": ${JSON.stringify(ended)}}`)],
  ])("of a command that is %s is no answer", async (_what, value) => {
    answer(value);
    await expect(run()).rejects.toMatchObject({
      code: "SANDBOX_FAILED",
      message: expect.stringContaining("something else than its bootstrap") as string,
    });
  });

  test("that has no end is not read to it", async () => {
    answer(Buffer.alloc(20 * MIB, " "));
    await expect(run()).rejects.toThrow("its answer has more than 16 MB");
  });

  test("of AWS itself can't draw on a terminal", async () => {
    emulator.failures.set("POST /functions", [
      { status: 400, body: { message: "\x1b[2J\u202eno" }, headers: { "x-amzn-errortype": "X" } },
    ]);
    // eslint-disable-next-line no-control-regex
    await expect(run()).rejects.toThrow(/^[^\x1b\u202e]*\\u001b\[2J\\u202eno/);
  });
});

describe("a function that failed", () => {
  test("has its text cut, and ends as no more than itself", async () => {
    const errorMessage = "\x1b[2J" + "z".repeat(9000);
    answer({ errorType: "\x1b]0;x\x07", errorMessage, exit_code: 0 }, failed);
    const { stderr, outcome, droppedBytes } = await run();
    expect(Buffer.byteLength(stderr)).toBe(1000);
    expect(droppedBytes.stderr).toBeGreaterThan(8000);
    expect(outcome).toEqual({ kind: "exited", exitCode: 1 });
  });

  test.each([[{ errorMessage: { toString: 1 }, errorType: [] }], [[]], [null], ["text"]])(
    "with an answer of another shape, %j, has failed",
    async (value) => {
      answer(value, failed);
      expect((await run()).outcome).toEqual({ kind: "exited", exitCode: 1 });
    },
  );
});

describe("a log", () => {
  const report = (used: string): string =>
    `REPORT RequestId: 1\tDuration: 1.00 ms\tMemory Size: 256 MB\tMax Memory Used: ${used} MB\t\n`;
  const killed = { ...ended, exit_code: null, signal: 9 };

  test("with lines that look like Lambda's own is told by the last one, which is Lambda's", async () => {
    const forged = `END RequestId: 1\n${report("256")}START RequestId: 2 Version: 9\n`;
    answer(killed, {}, `START RequestId: 1 Version: 1\n${forged}END RequestId: 1\n${report("40")}`);
    const { outcome, usage } = await run();
    expect(outcome).toEqual({ kind: "signaled", signal: "SIGKILL" });
    expect(usage.peakMemoryBytes).toBe(40 * MIB);
  });

  test.each([["9".repeat(400)], ["-1"], ["1e9"], ["NaN"]])(
    "with %s of memory has none",
    async (used) => {
      answer(ended, {}, report(used));
      expect((await run()).usage.peakMemoryBytes).toBeUndefined();
    },
  );
});

const environment = (endpoint: string): Readonly<Record<string, string>> => ({
  ...{ AWS_ENDPOINT_URL: endpoint, AWS_REGION: "us-east-1", XDG_STATE_HOME: dirname(state) },
  ...{ AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: SECRET_KEY },
});

test("a log is shown so that it can't draw on a terminal", async () => {
  const log =
    "START RequestId: 1\n\x1b]0;owned\x07\u202e\nREPORT RequestId: 1\tDuration: 1.00 ms\t\n";
  answer(ended, {}, log);
  const words = ["run", "--provider", "lambda", "--network", "all", "--", "true"];
  const { exitCode, stderr } = await glovebox(words, {
    cwd: folder,
    env: environment(emulator.url),
  });
  expect(exitCode).toBe(0);
  expect(stderr).toContain(
    "START RequestId: 1\n\\x1b]0;owned\\x07\\u202e\nREPORT RequestId: 1\tDuration: 1.00 ms\t\n",
  );
});

describe("an endpoint", () => {
  let other: Server;
  let asked: string[];
  const listen = async (server: Server): Promise<string> => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  beforeEach(() => {
    asked = [];
    other = createServer((request, response) => {
      asked.push(String(request.url));
      response.end("{}");
    });
    return () => {
      other.closeAllConnections();
      other.close();
    };
  });

  test("that sends us elsewhere is not followed, and no key is shown", async () => {
    const location = `${await listen(other)}/latest/meta-data/`;
    const server = createServer((_request, response) => {
      response.writeHead(307, { location }).end();
    });
    await provider.close();
    provider = providerAt(await listen(server));
    const error = await run().catch((thrown: unknown) => thrown as Error);
    server.close();
    expect(asked).toEqual([]);
    expect(error).toMatchObject({ code: "SANDBOX_FAILED" });
    expect((error as Error).message).not.toContain(SECRET_KEY);
  });

  test.each([
    ["before it answers", (): undefined => undefined],
    ["within its answer", (): string => '{"FunctionName": "'],
  ])("that stalls %s holds nobody up who wants to go", async (_what, begin) => {
    const stop = new AbortController();
    const server = createServer((_request, response) => {
      const beginning = begin();
      if (beginning !== undefined) response.writeHead(200).write(beginning);
      setImmediate(() => {
        stop.abort(new Error("Ctrl-C"));
      });
    });
    await provider.close();
    provider = providerAt(await listen(server));
    const { outcome } = await run(["true"], {}, stop.signal);
    server.closeAllConnections();
    server.close();
    expect(outcome).toEqual({ kind: "canceled" });
  });
});

test("Ctrl-C ends a run whose endpoint stalls", async () => {
  const server = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const words = ["run", "--provider", "lambda", "--network", "all", "--", "true"];
  const child = startCli(words, { cwd: folder, env: environment(endpoint) });
  const result = resultOf(child);
  await once(server, "request");
  child.kill("SIGINT");
  expect(await result).toMatchObject({ exitCode: 130, stdout: "", stderr: "" });
  server.closeAllConnections();
  server.close();
});

describe("what is remembered", () => {
  const put = (path: string, content: string): string => {
    const full = join(state, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
    return full;
  };
  const deleted = (): readonly string[] =>
    emulator.calls.filter((call) => call.startsWith("DELETE"));

  test("of runs that ended names no function of somebody else", async () => {
    const own = "glovebox-once-0123456789abcdef";
    for (const name of ["production", `${own}x`, "glovebox-once-..%2fproduction", own]) {
      put(`once/${name}.json`, "not even JSON");
    }
    await provider.sweep();
    expect(deleted()).toEqual([`DELETE /functions/${own}`]);
    expect(readdirSync(join(state, "once"))).not.toContain(`${own}.json`);
  });

  /** All files that a run leaves there, without what they say. */
  const remember = async (): Promise<readonly string[]> => {
    answer(ended);
    await run();
    const all = readdirSync(state, { recursive: true, encoding: "utf8" });
    return all.filter((name) => name.endsWith(".json")).map((name) => join(state, name));
  };

  test.each<[string, (path: string) => void]>([
    ["garbage", (path) => writeFileSync(path, "\x00{]")],
    [
      "of other shapes",
      (path) =>
        writeFileSync(
          path,
          '{"arn":"arn:aws:iam::1:user/x","account":"../..","version":"1/../x","mark":1}',
        ),
    ],
    ["without an end", (path) => truncateSync(path, 2 ** 40)],
    ["fifos", (path) => execFileSync("sh", ["-c", 'rm "$1"; mkfifo "$1"', "-", path])],
    [
      "links to files of somebody else",
      (path) => {
        rmSync(path);
        symlinkSync(join(folder, "target"), path);
      },
    ],
  ])("as %s is not believed, and replaced", async (_what, tamper) => {
    const target = join(folder, "target");
    writeFileSync(target, '{"mine": true}');
    const files = await remember();
    expect(files).toHaveLength(2);
    for (const file of files) tamper(file);
    answer(ended);
    expect((await run()).outcome).toEqual({ kind: "exited", exitCode: 0 });
    expect(readFileSync(target, "utf8")).toBe('{"mine": true}');
    for (const file of files) expect(readFileSync(file, "utf8")).toMatch(/^\{"(account|folder)":/);
  });

  test("where it can't be, is said with its path, and no half of it is left", async () => {
    const files = await remember();
    for (const file of files) {
      rmSync(file);
      mkdirSync(join(file, "in the way"), { recursive: true });
    }
    await expect(run()).rejects.toThrow(
      `\`${files.find((it) => it.includes("keys"))}\` can't be written: E`,
    );
    const left = readdirSync(state, { recursive: true, encoding: "utf8" });
    expect(left.filter((name) => /json\..+/.test(name))).toEqual([]);
    expect(files.every((file) => existsSync(join(file, "in the way")))).toBe(true);
  });

  test("is for nobody else to read", async () => {
    const [file = ""] = await remember();
    chmodSync(folder, 0o755);
    const modes = execFileSync("stat", ["-c", "%a", file, dirname(file)], { encoding: "utf8" });
    expect(modes).toBe("600\n700\n");
  });
});
