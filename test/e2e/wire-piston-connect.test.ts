/**
 * @module
 * Piston's WebSocket: its messages, its close codes, and clients that mean no good.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTcp, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { startServer } from "./http-fixture.ts";

let server: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  server = await startServer({ concurrency: 2 });
});
afterAll(async () => server[Symbol.asyncDispose]());

const open: { destroy(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.destroy();
});

type Message = Readonly<Record<string, unknown>>;

interface Client {
  readonly socket: WebSocket;
  readonly messages: readonly Message[];
  send(message: unknown): void;
  /** Resolves with the first message that matches, of those to come, too. */
  until(matches: (message: Message) => boolean): Promise<Message>;
  readonly closed: Promise<readonly [code: number, reason: string]>;
}

async function connect({ url } = server): Promise<Client> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/v2/connect`);
  open.push({
    destroy: () => {
      socket.terminate();
    },
  });
  const messages: Message[] = [];
  const waiting = new Set<() => void>();
  socket.on("message", (data: Buffer) => {
    messages.push(JSON.parse(data.toString()) as Message);
    for (const look of waiting) look();
  });
  const closed = new Promise<readonly [number, string]>((resolve) => {
    socket.on("close", (code: number, reason: Buffer) => {
      resolve([code, reason.toString()]);
    });
  });
  await new Promise((resolve, reject) => {
    socket.on("open", resolve);
    socket.on("error", reject);
  });
  return {
    socket,
    messages,
    send: (message) => {
      socket.send(typeof message === "string" ? message : JSON.stringify(message));
    },
    until: (matches) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = messages.find(matches);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    closed,
  };
}

const init = (language: string, content: string, more: object = {}): Message => ({
  type: "init",
  language,
  version: "*",
  files: [{ content }],
  ...more,
});

const stdin = (data: unknown): Message => ({ type: "data", stream: "stdin", data });
const output = (messages: readonly Message[], stream = "stdout"): string =>
  messages.map((each) => (each["stream"] === stream ? String(each["data"]) : "")).join("");
const isOutput = ({ type }: Message): boolean => type === "data";
const anyVersion = expect.stringMatching(/^\d+\.\d+\.\d+$/) as string;
const done = [4999, "Job Completed"];

describe("a run", () => {
  test("has its messages in Piston's order", async () => {
    const client = await connect();
    client.send(init("bash", "echo out; echo err >&2; exit 3"));
    expect(await client.closed).toEqual(done);
    const [runtime, stage, ...rest] = client.messages;
    expect(runtime).toEqual({ type: "runtime", language: "bash", version: anyVersion });
    expect(stage).toEqual({ type: "stage", stage: "run" });
    expect(rest.slice(0, -1)).toEqual(
      expect.arrayContaining([
        { type: "data", stream: "stdout", data: "out\n" },
        { type: "data", stream: "stderr", data: "err\n" },
      ]),
    );
    expect(rest.at(-1)).toMatchObject({
      type: "exit",
      stage: "run",
      code: 3,
      signal: null,
      status: "RE",
      message: "Exited with error status 3",
      wall_time: expect.any(Number) as number,
    });
  });

  test("is compiled before it begins, and says so while it waits for input", async () => {
    const client = await connect();
    const code =
      '#include <stdio.h>\nint main() { int a, b; scanf("%d %d", &a, &b); printf("%d", a + b); }';
    client.send(init("c", code));
    await client.until(({ stage, type }) => type === "stage" && stage === "run");
    expect(client.messages.map(({ type, stage }) => [type, stage])).toEqual([
      ["runtime", undefined],
      ["stage", "compile"],
      ["exit", "compile"],
      ["stage", "run"],
    ]);
    client.send(stdin("19 23\n"));
    expect(await client.closed).toEqual(done);
    expect(output(client.messages)).toBe("42");
    expect(client.messages.at(-1)).toMatchObject({ type: "exit", stage: "run", code: 0 });
  });

  test("that does not compile has one stage", async () => {
    const client = await connect();
    client.send(init("c", "int main() { return missing; }"));
    expect(await client.closed).toEqual(done);
    expect(output(client.messages, "stderr")).toContain("missing");
    expect(client.messages.filter(({ type }) => type === "stage")).toHaveLength(1);
    expect(client.messages.at(-1)).toMatchObject({ type: "exit", stage: "compile", code: 1 });
  });

  test("that does not compile has one stage, also for who sends input at once", async () => {
    const client = await connect();
    client.send(init("c", "int main() { return missing; } // early"));
    client.send(stdin("x"));
    await client.until(({ stage }) => stage === "compile");
    client.send(stdin("y"));
    expect(await client.closed).toEqual(done);
    expect(client.messages.filter(({ type }) => type !== "data")).toMatchObject([
      { type: "runtime" },
      { type: "stage", stage: "compile" },
      { type: "exit", stage: "compile", code: 1 },
    ]);
  });

  test("talks with its client, and sees the end of its input", async () => {
    const client = await connect();
    client.send(
      init(
        "python",
        "import sys\nfor line in sys.stdin: print('got', line, end='', flush=True)\nprint('end')",
      ),
    );
    client.send(stdin("early\n"));
    await client.until((each) => isOutput(each) && output(client.messages).includes("early"));
    client.send(stdin("lâte\n"));
    await client.until((each) => isOutput(each) && output(client.messages).includes("lâte"));
    client.send({ type: "eof" });
    client.send({ type: "eof" });
    client.send(stdin("too late"));
    expect(await client.closed).toEqual(done);
    expect(output(client.messages)).toBe("got early\ngot lâte\nend\n");
  });

  test.each(["SIGINT", "SIGTERM", "SIGUSR1"])("gets %s", async (signal) => {
    const client = await connect();
    const trap = `trap 'echo ${signal}; exit 7' ${signal}; echo ready; while :; do sleep 0.02; done`;
    client.send(init("bash", trap));
    await client.until(isOutput);
    client.send({ type: "signal", signal });
    expect(await client.closed).toEqual(done);
    expect(output(client.messages)).toBe(`ready\n${signal}\n`);
    expect(client.messages.at(-1)).toMatchObject({ type: "exit", code: 7 });
  });

  test("is ended by SIGKILL", async () => {
    const client = await connect();
    client.send(init("bash", "echo ready; exec sleep 9"));
    await client.until(isOutput);
    client.send({ type: "signal", signal: "SIGKILL" });
    expect(await client.closed).toEqual(done);
    expect(client.messages.at(-1)).toMatchObject({ code: null, signal: "SIGKILL", status: "SG" });
  });

  test.each([
    ["its wall clock", "sleep 9", { run_timeout: 200 }, "TO"],
    ["its output", "head -c 9000000 /dev/zero | tr '\\0' x; sleep 9", {}, "OL"],
  ])("is held to %s", async (_what, code, limits, status) => {
    const client = await connect();
    client.send(init("bash", code, limits));
    expect(await client.closed).toEqual(done);
    expect(client.messages.at(-1)).toMatchObject({ type: "exit", signal: "SIGKILL", status });
    expect(output(client.messages).length).toBeLessThanOrEqual(1024 * 1024);
  });

  test("keeps characters whole that come in pieces", async () => {
    const client = await connect();
    client.send(init("bash", "printf '\\xc3'; sleep 0.1; printf '\\xa9\\xff'; printf '\\xe2'"));
    expect(await client.closed).toEqual(done);
    expect(output(client.messages)).toBe("é\ufffd\ufffd");
  });

  test("gets megabytes of input, as fast as it reads", async () => {
    const client = await connect();
    client.send(init("python", "import sys, time; time.sleep(0.3); print(len(sys.stdin.read()))"));
    for (let index = 0; index < 16; index++) client.send(stdin("x".repeat(256 * 1024)));
    client.send({ type: "eof" });
    expect(await client.closed).toEqual(done);
    expect(output(client.messages)).toBe(`${16 * 256 * 1024}\n`);
  });

  test("is gone with its client", async () => {
    const client = await connect();
    client.send(init("bash", "echo $$; while :; do sleep 0.05; done", { run_timeout: 3000 }));
    const { data } = await client.until(isOutput);
    const isAlive = (): boolean => isThere(Number(data));
    expect(isAlive()).toBe(true);
    client.socket.terminate();
    await expect.poll(isAlive, { timeout: 2_000, interval: 20 }).toBe(false);
  });
});

describe("a client that", () => {
  const late = init("bash", "sleep 9");
  test.each<[string, readonly unknown[], readonly [number, string], string?]>([
    ["says nothing", [], [4001, "Initialization Timeout"]],
    ["begins twice", [late, late], [4000, "Already Initialized"]],
    ["writes before it begins", [stdin("x")], [4003, "Not yet initialized"]],
    ["ends its input before it begins", [{ type: "eof" }], [4003, "Not yet initialized"]],
    [
      "signals before it begins",
      [{ type: "signal", signal: "SIGINT" }],
      [4003, "Not yet initialized"],
    ],
    [
      "writes to stdout",
      [late, { type: "data", stream: "stdout", data: "" }],
      [4004, "Can only write to stdin"],
    ],
    ["sends no signal", [late, { type: "signal", signal: "SIGNONE" }], [4005, "Invalid signal"]],
    [
      "sends what only looks like a signal",
      [late, { type: "signal", signal: "toString" }],
      [4005, "Invalid signal"],
    ],
    ["sends no JSON", ["{"], [4002, "Notified Error"], "message: is not JSON"],
    ["sends an array", ["[]"], [4002, "Notified Error"], "a message must be a JSON object"],
    ["sends null", ["null"], [4002, "Notified Error"], "a message must be a JSON object"],
    [
      "sends brackets",
      ["[".repeat(100_000)],
      [4002, "Notified Error"],
      "message: is nested deeper than 64 levels",
    ],
    ["writes a number", [late, stdin(5)], [4002, "Notified Error"], "data is required as a string"],
    [
      "names no language",
      [{ type: "init" }],
      [4002, "Notified Error"],
      "language is required as a string",
    ],
    [
      "names none that there is",
      [init("zzz", "")],
      [4002, "Notified Error"],
      "zzz-* runtime is unknown",
    ],
    [
      "wants more than there is",
      [init("bash", "", { run_timeout: 99_999 })],
      [4002, "Notified Error"],
      "run_timeout cannot exceed the configured limit of 3000",
    ],
    [
      "wants no limit",
      [init("bash", "", { run_cpu_time: 0 })],
      [4002, "Notified Error"],
      'run_cpu_time must be greater than 0, which is not "no limit"',
    ],
    [
      "only says what nobody knows",
      [{ type: "resize" }, { kind: 5 }, { type: null }],
      [4001, "Initialization Timeout"],
    ],
    [
      "says what nobody knows, too",
      [{ type: "resize", columns: 80 }, init("bash", ""), { type: "x" }],
      [4999, "Job Completed"],
    ],
  ])("%s", async (_what, messages, closing, error) => {
    const client = await connect();
    for (const message of messages) client.send(message);
    expect(await client.closed).toEqual(closing);
    const told = client.messages.find(({ type }) => type === "error");
    expect(told).toEqual(error === undefined ? undefined : { type: "error", message: error });
  });
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("behind input that nobody reads", () => {
  let patient: typeof server;
  beforeAll(async () => {
    patient = await startServer({
      concurrency: 1,
      server: { bodyLimit: "1MiB", bodyBudget: "4MiB" },
      wires: { pistonRunTime: "20s" },
    });
  });
  afterAll(async () => patient[Symbol.asyncDispose]());

  const sleeper = init("bash", "echo $$; exec sleep 20");
  const sendInput = (client: Client, count: number): void => {
    for (let index = 0; index < count; index++) client.send(stdin("x".repeat(900_000)));
  };

  test.each<[how: string, count: number, leave: "close" | "terminate"]>([
    ["closes", 3, "close"],
    ["is gone", 3, "terminate"],
    ["is gone", 16, "terminate"],
  ])("a client that %s after %i messages ends its run", async (_how, count, leave) => {
    const client = await connect(patient);
    client.send(sleeper);
    const { data } = await client.until(isOutput);
    sendInput(client, count);
    await new Promise((resolve) => setTimeout(resolve, 200));
    client.socket[leave]();
    const isAlive = (): boolean => isThere(Number(data));
    await expect.poll(isAlive, { timeout: 4_000, interval: 20 }).toBe(false);
  });

  test("a signal arrives", async () => {
    const client = await connect(patient);
    client.send(sleeper);
    await client.until(isOutput);
    sendInput(client, 3);
    client.send({ type: "signal", signal: "SIGTERM" });
    const left = new Promise((resolve) => setTimeout(resolve, 4_000, "not seen"));
    expect(await Promise.race([client.closed, left])).toEqual(done);
    expect(client.messages.at(-1)).toMatchObject({ type: "exit", signal: "SIGTERM" });
  });

  test("those who wait for their turn hold no more than there is for all", async () => {
    const first = await connect(patient);
    first.send(sleeper);
    await first.until(isOutput);
    const others = await Promise.all(Array.from({ length: 6 }, async () => connect(patient)));
    for (const other of others) {
      other.send(init("bash", "cat > /dev/null"));
      other.send(stdin("first"));
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const other of others) sendInput(other, 1);
    const endings = await Promise.race([
      Promise.any(others.map(({ closed }) => closed)),
      new Promise((resolve) => setTimeout(resolve, 4_000, "not refused")),
    ]);
    expect(endings).toEqual([4002, "Notified Error"]);
    for (const each of [first, ...others]) each.socket.terminate();
  });
});

/** A connection that was upgraded, on which a test writes bytes of its own. */
async function upgraded(): Promise<Socket> {
  const socket = connectTcp(server.port, "127.0.0.1");
  open.push(socket);
  socket.on("error", () => undefined);
  const lines = [
    "GET /api/v2/connect HTTP/1.1",
    "host: localhost",
    "connection: upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    `sec-websocket-key: ${randomBytes(16).toString("base64")}`,
    "",
    "",
  ];
  socket.write(lines.join("\r\n"));
  await new Promise((resolve) => socket.once("data", resolve));
  return socket;
}

/** A masked frame, as clients send them. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.alloc(14);
  head.writeUInt8(0x81, 0);
  head.writeUInt8(0x80 | 127, 1);
  head.writeBigUInt64BE(BigInt(payload.byteLength), 2);
  return Buffer.concat([head, payload]);
}

describe("an attack", () => {
  const isWell = async (): Promise<void> => {
    const client = await connect();
    client.send(init("bash", "echo well"));
    expect(await client.closed).toEqual(done);
    expect(output(client.messages)).toBe("well\n");
  };

  test.each<[string, Buffer]>([
    ["reserved bits", Buffer.from([0xf1, 0x80, 1, 2, 3, 4])],
    ["six bytes", Buffer.from("\xff\xff\xff\xff\xff\xff", "latin1")],
    ["a frame without a mask", Buffer.from([0x81, 2, 0x7b, 0x7d])],
    ["a continuation of nothing", Buffer.from([0x80, 0x80, 0, 0, 0, 0])],
    [
      "a frame of exabytes",
      Buffer.from([0x81, 0xff, 0x0f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0]),
    ],
    ["two megabytes", frame("x".repeat(2 * 1024 * 1024))],
  ])("of %s ends its own connection", async (_what, bytes) => {
    const socket = await upgraded();
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.resume();
    socket.write(bytes);
    await closed;
    await isWell();
  });

  test("by half a connection is over with the time to begin", async () => {
    const socket = await upgraded();
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.resume();
    socket.end();
    await closed;
    await isWell();
  });

  test("by who never reads holds up nobody for longer than a run", async () => {
    const folder = await mkdtemp(join(tmpdir(), "unread-"));
    const file = join(folder, "pid");
    const socket = await upgraded();
    socket.pause();
    const code = `echo $$ > ${file}; head -c 900000 /dev/zero; exec sleep 9`;
    socket.write(frame(JSON.stringify(init("bash", code, { run_timeout: 1500 }))));
    await expect.poll(async () => readFile(file, "utf8").catch(() => "")).not.toBe("");
    const pid = Number(await readFile(file, "utf8"));
    await rm(folder, { recursive: true });
    // Input that nobody reads.
    const before = server.bytesRead();
    for (let index = 0; index < 256; index++)
      socket.write(frame(JSON.stringify(stdin("x".repeat(65_536)))));
    await isWell();
    expect(isThere(pid)).toBe(true);
    expect(server.bytesRead() - before).toBeLessThan(5 * 1024 * 1024);
    await expect.poll(() => isThere(pid), { timeout: 4_000 }).toBe(false);
    const { clients } = server.app.websocketServer;
    await expect.poll(() => clients.size, { timeout: 14_000 }).toBe(0);
  }, 30_000);

  test("of hundreds of connections that say nothing passes", async () => {
    const clients = await Promise.all(Array.from({ length: 200 }, upgraded));
    const closed = clients.map((socket) => {
      socket.resume();
      return new Promise((resolve) => socket.once("close", resolve));
    });
    await isWell();
    await Promise.all(closed);
  });
});

test("a server with keys wants one, and ends what goes on when it stops", async () => {
  const secret = "moved-from-piston";
  const rules = { executionsPerDay: 2, languages: ["bash"], maxLimits: { wallTimeMs: 1000 } };
  await using other = await startServer(
    { server: { auth: "required" } },
    () => undefined,
    async ({ keyring }) => {
      await keyring.create({ name: "a", scopes: ["run"], rules, secret, now: Date.now() });
    },
  );
  const key = { headers: { authorization: secret, "content-type": "application/json" } };
  const call = async (method: string, path: string, body: object, init: RequestInit = key) => {
    const url = `${other.url}/api/v2${path}`;
    const response = await fetch(url, { ...init, method, body: JSON.stringify(body) });
    return [response.status, await response.json()] as const;
  };
  const message = expect.any(String) as string;
  const job = { language: "bash", version: "*", files: [{ content: "echo 1" }] };
  expect(await call("POST", "/execute", job, {})).toEqual([401, { message }]);
  expect(await call("POST", "/packages", { language: "zsh", version: "*" })).toEqual([
    403,
    { message },
  ]);
  expect(await call("POST", "/execute", { ...job, language: "c" })).toEqual([403, { message }]);
  expect(await call("POST", "/execute", { ...job, run_timeout: 1001 })).toEqual([
    400,
    { message: "run_timeout cannot exceed the configured limit of 1000" },
  ]);
  expect(await call("POST", "/execute", job)).toMatchObject([200, { run: { stdout: "1\n" } }]);

  const url = `${other.url.replace("http", "ws")}/api/v2/connect`;
  const anonymous = new WebSocket(url);
  const refused = await new Promise<Error>((resolve) => anonymous.on("error", resolve));
  expect(refused.message).toContain("401");
  const socket = new WebSocket(url, key);
  const closed = new Promise<number>((resolve) => socket.on("close", resolve));
  socket.on("open", () => {
    socket.send(JSON.stringify(init("bash", "echo on; sleep 9")));
  });
  await new Promise((resolve) => socket.on("message", resolve));
  expect(await call("POST", "/execute", job)).toEqual([429, { message }]);
  await other.app.close();
  expect(await closed).toBe(4002);
});
