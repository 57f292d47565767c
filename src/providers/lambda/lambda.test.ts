import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Readable } from "node:stream";
import type { Command } from "../../core/command.ts";
import type { Provider } from "../../core/provider.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import {
  startLambdaEmulator,
  type LambdaEmulator,
} from "../../../test/helpers/lambda-emulator/emulator.ts";
import { restError } from "../../../test/helpers/lambda-emulator/http.ts";
import { providerLoaders } from "../index.ts";
import { createLambdaProvider } from "./index.ts";

const MIB = 1024 * 1024;
let temporary: string;
let folder: string;
let linux: Provider;
let emulator: LambdaEmulator;
let provider: Provider;
const never = new AbortController().signal;

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), "lambda-test-"));
  linux = await providerLoaders.linux();
});
afterAll(async () => {
  await linux.close();
  await rm(temporary, { recursive: true, force: true });
});
beforeEach(async () => {
  folder = await mkdtemp(join(temporary, "folder-"));
  await chmod(folder, 0o755);
  await restart({});
});
afterEach(async () => {
  await provider.close();
  await emulator[Symbol.asyncDispose]();
});

async function restart(options: Parameters<typeof startLambdaEmulator>[1]): Promise<void> {
  emulator = await startLambdaEmulator(linux, options);
  provider = makeProvider(await mkdtemp(join(temporary, "state-")));
}

const makeProvider = (stateFolder: string): Provider =>
  createLambdaProvider({
    stateFolder,
    env: {},
    aws: {
      endpoint: emulator.url,
      region: "us-east-1",
      credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
    },
  });

const write = async (path: string, content: string, mode = 0o644): Promise<void> => {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
  await chmod(join(folder, path), mode);
};

const spec = (parts: Partial<SandboxSpec> = {}): SandboxSpec => ({
  policy: {
    network: { mode: "all" },
    workspace: { kind: "mount", hostPath: folder, access: "ro" },
  },
  limits: { memoryBytes: 256 * MIB, processes: 64, diskBytes: 32 * MIB, openFiles: 128 },
  files: [],
  hostPrograms: [],
  enforcement: "strict",
  ...parts,
});
const scratch = (files: Readonly<Record<string, string>> = {}): SandboxSpec =>
  spec({
    policy: { network: { mode: "all" }, workspace: { kind: "scratch" } },
    files: Object.entries(files).map(([path, text]) => ({ path, content: Buffer.from(text) })),
  });

interface Result {
  readonly outcome: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  argv: readonly string[],
  parts: Partial<Command> = {},
  wanted: SandboxSpec = spec(),
): Promise<Result> {
  const sandbox = await provider.create(wanted, never);
  const text = { stdout: "", stderr: "" };
  try {
    const { outcome } = await sandbox.exec(
      {
        argv,
        env: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/home/sandbox", TMPDIR: "/tmp" },
        cwd: "/workspace",
        stdin: "empty",
        limits: { wallTimeMs: 10_000, cpuTimeMs: "unlimited", outputBytes: MIB },
        onOutputLimit: "truncate",
        onOutput: (stream, chunk) => {
          text[stream] += chunk.toString();
        },
        ...parts,
      },
      never,
    );
    return { outcome, ...text };
  } finally {
    await sandbox.destroy();
  }
}

const exited = (exitCode: number) => ({ kind: "exited", exitCode });
const invocations = (): number =>
  emulator.calls.filter((call) => call.endsWith("/invocations")).length;
const changes = (): readonly string[] =>
  emulator.calls.filter(
    (call) => /^(POST|PUT|DELETE)/.test(call) && !call.endsWith("/invocations"),
  );

const handler = `import json
def lambda_handler(event, context):
    print("hello from", context.function_name[:9])
    return event
`;

describe("a handler", () => {
  test("in Python gets its event from stdin, and its log has START, END and REPORT", async () => {
    await write("test.py", handler);
    const { outcome, stdout, stderr } = await run(["./test.py"], {
      stdin: Readable.from([Buffer.from('{"a": [1, "é"]}')]),
    });
    expect(outcome).toEqual(exited(0));
    expect(JSON.parse(stdout)).toEqual({ a: [1, "é"] });
    expect(stderr).toMatch(
      /^START RequestId: \S+ Version: 1\nhello from glovebox-\nEND RequestId: \S+\nREPORT RequestId: \S+\tDuration: [\d.]+ ms\t/,
    );
  });

  test("in JavaScript is called, and a text that is no JSON is a text", async () => {
    await write("index.mjs", "export const handler = async (event) => ({ got: event });");
    const stdin = Readable.from([Buffer.from("just words")]);
    const { stdout } = await run(["node", "index.mjs"], { stdin });
    expect(JSON.parse(stdout)).toEqual({ got: "just words" });
  });

  test("of a runtime of its own is the file `bootstrap`", async () => {
    await write(
      "bootstrap",
      `#!/usr/bin/python3
import os, urllib.request as u
b = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    r = u.urlopen(b + "next")
    u.urlopen(u.Request(b + r.headers["Lambda-Runtime-Aws-Request-Id"] + "/response", r.read().upper(), method="POST"))
`,
      0o755,
    );
    const stdin = Readable.from([Buffer.from('"abc"')]);
    expect((await run(["./bootstrap"], { stdin })).stdout).toBe("ABC\n");
    expect([...emulator.functions.values()][0]?.settings.Runtime).toBe("provided.al2023");
  });

  test("that throws ends with exit code 1, and says why", async () => {
    await write("test.py", "def lambda_handler(e, c):\n    raise ValueError('no good')\n");
    const { outcome, stderr } = await run(["./test.py"]);
    expect(outcome).toEqual(exited(1));
    expect(stderr).toMatch(/Traceback[\s\S]*\nValueError: no good\n$/);
  });

  test("that takes too long is ended by Lambda", async () => {
    await write("test.py", "import time\ndef lambda_handler(e, c):\n    time.sleep(60)\n");
    const limits = { wallTimeMs: 1000, cpuTimeMs: "unlimited", outputBytes: MIB } as const;
    const { outcome, stderr } = await run(["./test.py"], { limits });
    expect(outcome).toEqual({ kind: "limit", limit: "wallTime", exitCode: null });
    expect(stderr).toContain("Task timed out after 1.00 seconds");
  });

  test("that ends its process has that exit code", async () => {
    await write("test.py", "import os\ndef lambda_handler(e, c):\n    os._exit(7)\n");
    expect((await run(["./test.py"])).outcome).toEqual(exited(7));
  });

  test("has the variables of the command, and none of Lambda's can be set", async () => {
    await write("test.py", "import os\ndef handler(e, c):\n    return os.environ['COLOUR']\n");
    expect(
      (await run(["test.py"], { env: { COLOUR: "red" }, argv: ["python3", "test.py"] })).stdout,
    ).toBe("red\n");
    await expect(run(["./test.py"], { env: { AWS_REGION: "x" } })).rejects.toMatchObject({
      code: "INVALID_REQUEST",
    });
  });

  test("has no arguments", async () => {
    await write("test.py", handler);
    await expect(run(["./test.py", "a"])).rejects.toMatchObject({ code: "INVALID_REQUEST" });
  });

  test("with a limit of CPU time is refused: Lambda has none", async () => {
    await write("test.py", handler);
    const limits = { wallTimeMs: 1000, cpuTimeMs: 1000, outputBytes: MIB };
    await expect(run(["./test.py"], { limits })).rejects.toMatchObject({
      code: "POLICY_UNENFORCEABLE",
      details: { controls: ["cpuTime"] },
    });
  });
});

describe("a command", () => {
  test("runs in the folder, with stdin, arguments and exit code", async () => {
    await write(
      "greet.sh",
      "#!/bin/sh\nread name; echo hello $name $1; echo oops >&2; pwd; exit 3\n",
      0o755,
    );
    const result = await run(["./greet.sh", "x"], { stdin: Readable.from([Buffer.from("Ada\n")]) });
    expect(result).toEqual({
      outcome: exited(3),
      stdout: "hello Ada x\n/workspace\n",
      stderr: "oops\n",
    });
  });

  test("does not have the credentials of the function", async () => {
    const { stdout } = await run(["/usr/bin/env"]);
    expect(stdout).not.toMatch(/AWS_|ROLE/);
  });

  test("in Node has Node", async () => {
    await write("test.js", "console.log(process.argv.slice(2).join())");
    expect((await run(["node", "test.js", "a", "b"])).stdout).toBe("a,b\n");
    expect([...emulator.functions.values()][0]?.settings.Runtime).toBe("nodejs22.x");
  });
});

describe("the function of a folder", () => {
  test("is made once, remembered, and changed only when the folder or a setting is another", async () => {
    await write("test.py", handler);
    await run(["./test.py"]);
    expect(changes()).toEqual(["POST /functions"]);
    const [name = ""] = emulator.functions.keys();
    expect(name).toMatch(/^glovebox-folder-\w+-[0-9a-f]{10}$/);
    const before = emulator.calls.length;
    await run(["./test.py"]);
    expect(emulator.calls.slice(before)).toEqual([`POST /functions/${name}/invocations`]);
    await write("other.txt", "changed");
    await run(["./test.py"]);
    expect(emulator.calls.slice(before + 1)).toContain(`PUT /functions/${name}/code`);
    const after = emulator.calls.length;
    await run(["./test.py"], {}, spec({ limits: { ...spec().limits, memoryBytes: 512 * MIB } }));
    expect(emulator.calls.slice(after)).not.toContain(`PUT /functions/${name}/code`);
    expect(emulator.calls.slice(after)).toContain(`PUT /functions/${name}/configuration`);
    expect([...(emulator.functions.get(name)?.versions.keys() ?? [])]).toEqual(["3"]);
  });

  test("is found again without what was remembered, and made again where somebody removed it", async () => {
    await write("test.py", handler);
    await run(["./test.py"]);
    provider = makeProvider(await mkdtemp(join(temporary, "state-")));
    expect((await run(["./test.py"])).outcome).toEqual(exited(0));
    (emulator.functions as Map<string, unknown>).clear();
    expect((await run(["./test.py"])).outcome).toEqual(exited(0));
  });

  test("has all of the folder but what is ignored, with the right to be executed and links", async () => {
    await write(".gitignore", "*.log\nbuild/\n!keep.log\n");
    await write("sub/.gloveboxignore", "secret*\n");
    for (const path of [
      "a.log",
      "keep.log",
      "build/x",
      "sub/secret.txt",
      "sub/open.txt",
      ".git/config",
      "secret.txt",
    ]) {
      await write(path, path);
    }
    const { stdout } = await run([
      "find",
      ".",
      "-type",
      "f",
      "-not",
      "-path",
      "./glovebox_runtime/*",
    ]);
    expect(stdout.split("\n").sort()).toEqual(
      [
        "",
        "./.gitignore",
        "./keep.log",
        "./secret.txt",
        "./sub/.gloveboxignore",
        "./sub/open.txt",
      ].sort(),
    );
  });

  test("waits for a role that is new, and for Lambda", async () => {
    await emulator[Symbol.asyncDispose]();
    await restart({ roleDelays: 2, pending: 1 });
    await write("test.py", handler);
    expect((await run(["./test.py"])).outcome).toEqual(exited(0));
    const policy = emulator.roles.policies.get("glovebox-lambda") ?? "";
    expect(policy).toContain("arn:aws:logs:*:000000000000:log-group:/aws/lambda/glovebox-*");
    await write("new.txt", "");
    expect((await run(["./test.py"])).outcome).toEqual(exited(0));
  }, 30_000);
});

describe("a function of one run", () => {
  test("goes with its sandbox", async () => {
    const { stdout } = await run(
      ["python3", "main.py"],
      {},
      scratch({ "main.py": "print(6 * 7)" }),
    );
    expect(stdout).toBe("42\n");
    expect([...emulator.functions.keys()]).toEqual([]);
  });

  test("of a killed owner is removed by the next sweep", async () => {
    const state = await mkdtemp(join(temporary, "state-"));
    const sandbox = await makeProvider(state).create(scratch(), never);
    await sandbox.exec(
      {
        ...{
          argv: ["true"],
          env: {},
          cwd: "/workspace",
          stdin: "empty",
          onOutputLimit: "truncate",
        },
        limits: { wallTimeMs: 5000, cpuTimeMs: "unlimited", outputBytes: 100 },
        onOutput: () => undefined,
      },
      never,
    );
    const [name = ""] = emulator.functions.keys();
    await makeProvider(state).sweep();
    expect([...emulator.functions.keys()]).toEqual([name]);
    const remembered = join(state, "once", `${name}.json`);
    const { readFile } = await import("node:fs/promises");
    const text = await readFile(remembered, "utf8");
    await writeFile(remembered, text.replace(/"startTime":"\d+"/, '"startTime":"1"'));
    await makeProvider(state).sweep();
    expect([...emulator.functions.keys()]).toEqual([]);
  });
});

describe("what can't be had is refused before anything is sent", () => {
  test.each<[string, Partial<SandboxSpec>, readonly string[]]>([
    [
      "no network",
      { policy: { network: { mode: "none" }, workspace: { kind: "scratch" } } },
      ["network"],
    ],
    [
      "a question about the network",
      { policy: { network: { mode: "ask" }, workspace: { kind: "scratch" } } },
      ["network"],
    ],
    ["little memory", { limits: { ...spec().limits, memoryBytes: 64 * MIB } }, ["memory"]],
  ])("%s", async (_what, parts, controls) => {
    await expect(provider.create(spec(parts), never)).rejects.toMatchObject({
      code: "POLICY_UNENFORCEABLE",
      details: { controls },
    });
    expect(emulator.calls).toEqual([]);
  });

  test("a folder that is to be written to", async () => {
    const workspace = { kind: "mount", hostPath: folder, access: "rw" } as const;
    const created = provider.create(
      spec({ policy: { network: { mode: "all" }, workspace } }),
      never,
    );
    await expect(created).rejects.toMatchObject({ code: "POLICY_UNENFORCEABLE" });
  });

  test("a zip over Lambda's size names the bound, and nothing is sent", async () => {
    const { randomFillSync } = await import("node:crypto");
    await writeFile(join(folder, "large"), randomFillSync(Buffer.alloc(50 * MIB)));
    await expect(run(["true"])).rejects.toThrow(
      /51 MB as a zip, and Lambda takes 50 MB.*\.gloveboxignore/,
    );
    expect(emulator.calls).toEqual([]);
  });

  test("more than fifteen minutes", async () => {
    const limits = { wallTimeMs: 1_000_000, cpuTimeMs: "unlimited", outputBytes: MIB } as const;
    await expect(run(["true"], { limits })).rejects.toThrow(
      /ends a function after 900 s, and 1000 s/,
    );
  });

  test("an event over 6 MB", async () => {
    const stdin = Readable.from([Buffer.alloc(5 * MIB)]);
    await expect(run(["true"], { stdin })).rejects.toMatchObject({ code: "INVALID_REQUEST" });
  });
});

describe("failures of AWS", () => {
  test("a call that is refused for now is made again, and the program runs once", async () => {
    await write("test.py", handler);
    await run(["./test.py"]);
    const [name = ""] = emulator.functions.keys();
    const call = `POST /functions/${name}/invocations`;
    emulator.failures.set(call, [restError(429, "TooManyRequestsException", "Rate Exceeded.")]);
    expect((await run(["./test.py"])).outcome).toEqual(exited(0));
    const before = invocations();
    emulator.failures.set(call, [restError(500, "ServiceException", "broken")]);
    await expect(run(["./test.py"])).rejects.toMatchObject({ code: "PROVIDER_UNAVAILABLE" });
    expect(invocations()).toBe(before + 1);
  });

  test("rights that are missing are named", async () => {
    await write("test.py", handler);
    emulator.failures.set("POST /functions", [
      restError(
        403,
        "AccessDeniedException",
        "User: x is not authorized to perform: lambda:CreateFunction",
      ),
    ]);
    await expect(run(["./test.py"])).rejects.toThrow(
      /not authorized to perform: lambda:CreateFunction.*docs\/lambda\.md/,
    );
  });

  test("an address where nobody listens is named", async () => {
    await write("test.py", handler);
    await emulator[Symbol.asyncDispose]();
    await expect(run(["./test.py"])).rejects.toMatchObject({ code: "PROVIDER_UNAVAILABLE" });
  });
});

test("a caller who goes away does not wait for the function", async () => {
  await write("test.py", "import time\ndef lambda_handler(e, c):\n    time.sleep(3)\n");
  const sandbox = await provider.create(spec(), never);
  const controller = new AbortController();
  const done = sandbox.exec(
    {
      ...{
        argv: ["./test.py"],
        env: {},
        cwd: "/workspace",
        stdin: "empty",
        onOutputLimit: "truncate",
      },
      limits: { wallTimeMs: 5000, cpuTimeMs: "unlimited", outputBytes: 100 },
      onOutput: () => undefined,
    },
    controller.signal,
  );
  controller.abort();
  expect((await done).outcome).toEqual({ kind: "canceled" });
  await sandbox.destroy();
});
