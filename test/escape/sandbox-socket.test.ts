/**
 * @module
 * Attacks on the connection of a sandbox: by a client that keeps to no rule, and by either side's sudden
 * end.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { locateLauncher } from "../../src/launcher/locate-launcher.ts";
import { providerLoaders } from "../../src/providers/index.ts";
import { createRemoteProvider } from "../../src/providers/remote/index.ts";
import { bundle } from "../helpers/bundle.ts";
import { createLeftoverCheck, type LeftoverCheck } from "../helpers/leftovers.ts";
import {
  binaryFrame,
  connectRaw,
  connectWithSandbox,
  createMessage,
  execMessage,
  type RawMessage,
  type RawClient,
} from "../helpers/remote/raw-client.ts";
import { startSandboxServer, type SandboxServer } from "../helpers/remote/sandbox-server.ts";
import { skipUnless } from "../helpers/require.ts";
import { untilStill } from "../helpers/until-still.ts";

const linux = await providerLoaders.linux();
const { available, reason } = await linux.probe();
const skipReason = skipUnless("linux", available ? undefined : reason);

const MIB = 1024 * 1024;
const never = new AbortController().signal;

const spec = {
  policy: { network: { mode: "none" }, workspace: { kind: "scratch" } },
  limits: { memoryBytes: 256 * MIB, processes: 32, diskBytes: 16 * MIB, openFiles: 64 },
  files: [],
  hostPrograms: [],
  enforcement: "strict",
} as const;

const sleeping = {
  argv: ["/bin/sh", "-c", "echo running; sleep 300"],
  env: { PATH: "/usr/bin:/bin" },
  cwd: "/workspace",
  stdin: "empty",
  limits: { wallTimeMs: 60_000, cpuTimeMs: 60_000, outputBytes: 1024 },
  onOutputLimit: "truncate",
} as const;

describe.skipIf(skipReason !== undefined)("the connection of a sandbox", () => {
  let server: SandboxServer;
  let leftovers: LeftoverCheck;
  let folder = "";
  beforeAll(async () => {
    leftovers = await createLeftoverCheck();
    folder = await mkdtemp(join(tmpdir(), "socket-"));
    server = await startSandboxServer(linux, {
      config: { concurrency: 4, memory: "64GiB", server: { maxFiles: 3, bodyLimit: "1MiB" } },
    });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
    expect(await leftovers.find()).toEqual([]);
  });

  const slotsAreFree = async (of = server): Promise<void> => {
    await expect.poll(() => of.service.slotStats().running, { timeout: 5_000 }).toBe(0);
  };

  const isServing = async (): Promise<void> => {
    const client = await connectWithSandbox(server.url);
    client.send(execMessage(["/bin/sh", "-c", "exit 7"]));
    expect(await client.next("ended")).toMatchObject({
      execution: { outcome: { kind: "exited", exit_code: 7 } },
    });
    client.send({ type: "destroy" });
    expect(await client.closed).toBe(1000);
    await slotsAreFree();
  };

  const deep = "[".repeat(100) + "]".repeat(100);
  const many = JSON.stringify({ type: "create", sandbox: Array(210_000).fill(1) });
  test.each<[what: string, data: string | Buffer, code: number]>([
    ["text that is no JSON", "create!", 1007],
    ["JSON that is too deep", deep, 1007],
    ["JSON with too many parts", many, 1007],
    ["a message without a type", "{}", 1002],
    ["a number", "7", 1002],
    ["a message of no known type", '{"type":"root"}', 1002],
    ["a field that there is not", '{"type":"start","now":true}', 1002],
    ["a folder of the server", JSON.stringify(createMessage({}, { workspace: "/" })), 1002],
    ["programs of the server", JSON.stringify(createMessage({}, { host_programs: [] })), 1002],
    ["no limit", JSON.stringify(createMessage({ memory_bytes: "unlimited" })), 1002],
    ["a limit of null", JSON.stringify(createMessage({ processes: NaN })), 1002],
    ["a negative limit", JSON.stringify(createMessage({ processes: -1 })), 1002],
    ["an empty binary frame", Buffer.alloc(0), 1002],
    ["a binary frame without bytes", binaryFrame(1, 0, Buffer.alloc(0)), 1002],
    ["a binary frame of no known kind", binaryFrame(9, 0, Buffer.from("x")), 1002],
    ["a text that is too long", " ".repeat(MIB + 1), 1009],
    ["a binary frame that is too long", Buffer.alloc(MIB + 1, 1), 1009],
  ])("ends with %s", async (_what, data, code) => {
    const client = await connectRaw(server.url);
    client.socket.send(data);
    expect(await client.closed).toBe(code);
    if (code !== 1009) expect(client.messages).toMatchObject([{ type: "over" }]);
  });

  const fileMessage = (path: string, bytes = 1, more: object = {}): object => ({
    ...{ type: "file", turn: 0, path, executable: false, bytes },
    ...more,
  });
  const oneByte = binaryFrame(1, 0, Buffer.from("x"));
  test.each<[what: string, messages: readonly (object | Buffer)[], code: string]>([
    ["`start` before `create`", [{ type: "start" }], "INVALID_REQUEST"],
    ["a command before there is a sandbox", [execMessage(["true"])], "INVALID_REQUEST"],
    ["two of `create`", [createMessage(), createMessage()], "INVALID_REQUEST"],
    ["0 as a limit", [createMessage({ processes: 0 })], "INVALID_REQUEST"],
    ["a limit above the server's", [createMessage({ processes: 30_000 })], "INVALID_REQUEST"],
    ["the network", [createMessage({}, { network: "all" })], "NOT_ALLOWED"],
    ["an image", [createMessage({}, { image: "python:3" })], "NOT_ALLOWED"],
    ["a file that leaves the workspace", [createMessage(), fileMessage("../x")], "INVALID_REQUEST"],
    ["a file at an absolute path", [createMessage(), fileMessage("/x")], "INVALID_REQUEST"],
    ["a file that is too large", [createMessage(), fileMessage("x", 2 * MIB)], "INVALID_REQUEST"],
    [
      "a file that is there twice",
      [createMessage(), fileMessage("x", 0), fileMessage("x", 0)],
      "INVALID_REQUEST",
    ],
    [
      "a file that is a folder as well",
      [createMessage(), fileMessage("x/y", 0), fileMessage("x", 0)],
      "INVALID_REQUEST",
    ],
    [
      "too many files",
      [createMessage(), ...["a", "b", "c", "d"].map((path) => fileMessage(path, 0))],
      "INVALID_REQUEST",
    ],
    ["bytes of no file", [createMessage(), oneByte], "INVALID_REQUEST"],
    [
      "more bytes than were announced",
      [createMessage(), fileMessage("x", 1), oneByte, oneByte],
      "INVALID_REQUEST",
    ],
    [
      "a file whose bytes are missing",
      [createMessage(), fileMessage("x", 2), oneByte, { type: "start" }],
      "INVALID_REQUEST",
    ],
  ])("makes no sandbox for %s", async (_what, messages, code) => {
    const client = await connectRaw(server.url);
    for (const message of messages) {
      client.socket.send(Buffer.isBuffer(message) ? message : JSON.stringify(message));
    }
    expect(await client.closed).toBe(1008);
    expect(client.messages).toMatchObject([{ type: "failed", turn: 0, error: { code } }]);
    expect(server.service.slotStats().running).toBe(0);
  });

  const stdin = { stdin: "stream" };
  const limits = { wall_time_ms: 10_000, cpu_time_ms: 10_000, output_bytes: 1024 };
  test.each<[what: string, command: object]>([
    ["a wall time above the server's", { limits: { ...limits, wall_time_ms: 10 ** 9 } }],
    ["0 as a time", { limits: { ...limits, cpu_time_ms: 0 } }],
    ["no program", { argv: [] }],
    ["a NUL in an argument", { argv: ["a\0b"] }],
    ["a variable's name with =", { env: { "A=B": "x" } }],
    ["a relative folder", { cwd: "sub" }],
    ["200 KiB of arguments", { argv: ["true", "x".repeat(200_000)] }],
  ])("runs nothing for %s, and goes on", async (_what, command) => {
    const client = await connectWithSandbox(server.url);
    client.send(execMessage(["true"], command));
    expect(await client.next("failed")).toMatchObject({ error: { code: "INVALID_REQUEST" } });
    client.send({ ...execMessage(["true"]), turn: 2 });
    expect(await client.next("ended")).toMatchObject({ turn: 2 });
    client.socket.terminate();
    await slotsAreFree();
  });

  test.each<[what: string, attack: (client: RawClient) => void]>([
    ["two commands at a time", (client) => client.send({ ...execMessage(["true"]), turn: 2 })],
    ["a turn of long ago", (client) => client.send(execMessage(["true"]))],
    ["files for a sandbox that is there", (client) => client.send(fileMessage("x"))],
    ["output from the client", (client) => client.socket.send(binaryFrame(3, 1, Buffer.from("x")))],
    [
      "more input than there is room for",
      (client) => {
        for (let i = 0; i < 64; i++) {
          client.socket.send(binaryFrame(2, 1, Buffer.alloc(65_536)));
        }
      },
    ],
    [
      "more taken than was sent",
      (client) => client.send({ type: "taken", turn: 1, stream: "stdout", bytes: 10 ** 9 }),
    ],
    [
      "signals without end",
      (client) => {
        for (let i = 0; i < 5_000; i++) client.send({ type: "kill", turn: 1, signal: "SIGWINCH" });
      },
    ],
    [
      "a signal that there is not",
      (client) => client.send({ type: "kill", turn: 1, signal: "SIGROOT" }),
    ],
  ])("ends a sandbox for %s", async (_what, attack) => {
    const client = await connectWithSandbox(server.url);
    client.send(execMessage(["/bin/sh", "-c", "echo ready; sleep 60"], stdin));
    await expect.poll(() => client.binaryBytes()).toBeGreaterThan(0);
    attack(client);
    expect(await client.closed).toBe(1002);
    expect(await client.next("over")).toMatchObject({ error: { code: "INVALID_REQUEST" } });
    await slotsAreFree();
  });

  const upgrade = [
    "GET /v1/sandbox HTTP/1.1",
    "host: localhost",
    "connection: upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    `sec-websocket-key: ${randomBytes(16).toString("base64")}`,
    "",
    "",
  ].join("\r\n");

  /** Masked with zeros. */
  const frame = (opcode: number, payload: Buffer): Buffer =>
    Buffer.concat([Buffer.from([opcode, 0x80 | payload.byteLength, 0, 0, 0, 0]), payload]);

  test.each<[what: string, bytes: Buffer, code: number | undefined]>([
    ["an unmasked frame", Buffer.from([0x81, 0x02, 0x7b, 0x7d]), 1002],
    ["reserved bits", frame(0xf1, Buffer.from("{}")), 1002],
    ["an unknown opcode", frame(0x8b, Buffer.from("{}")), 1002],
    ["text that is no UTF-8", frame(0x81, Buffer.from([0xff, 0xfe])), 1007],
    ["a frame said to be 8 EiB", Buffer.from("82ff7fffffffffffffff00000000", "hex"), 1009],
    ["a frame said to be 16 MiB", Buffer.from("82ff000000000100000000000000", "hex"), 1009],
    ["the end of its side", Buffer.alloc(0), undefined],
  ])("answers raw bytes: %s", async (_what, bytes, code) => {
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk)).on("error", () => undefined);
    socket.write(upgrade);
    await expect.poll(() => Buffer.concat(chunks).includes("\r\n\r\n")).toBe(true);
    if (code === undefined) socket.end();
    else socket.write(bytes);
    await once(socket, "close");
    const answer = Buffer.concat(chunks);
    const sent = answer.subarray(answer.indexOf("\r\n\r\n") + 4);
    if (code !== undefined) expect([sent[0], sent.readUInt16BE(2)]).toEqual([0x88, code]);
  });

  test.each([
    ["a command", execMessage(["/bin/sleep", "20"])],
    ["a look for files", { type: "collect", turn: 1, paths: ["."], max_files: 9, max_bytes: 9 }],
  ])("%s that is canceled with the words that start it is no fault of ours", async (_of, start) => {
    const isOver = ({ type }: RawMessage) => ["ended", "collected", "failed"].includes(type);
    for (let round = 0; round < 10; round++) {
      const client = await connectWithSandbox(server.url);
      client.send(start);
      client.send({ type: "cancel", turn: 1 });
      await expect.poll(() => client.messages.some(isOver), { timeout: 10_000 }).toBe(true);
      const over = client.messages.find(isOver);
      if (over?.type === "failed") expect(over.error?.code).toBe("CONFLICT");
      client.socket.close();
      await client.closed;
    }
    await slotsAreFree();
  });

  test("survives a thousand messages of garbage, and serves on", async () => {
    const words = ['{"type":"', "create", '","turn":', "0", "}", "null", "[", "\u0000", "é", '"'];
    for (let round = 0; round < 20; round++) {
      const client = await connectRaw(server.url);
      for (let i = 0; i < 50; i++) {
        const bytes = randomBytes(1 + (i % 40));
        const text = [...bytes].map((byte) => words[byte % words.length]).join("");
        client.socket.send(i % 2 === 0 ? bytes : text);
      }
      expect([1002, 1007]).toContain(await client.closed);
    }
    await isServing();
  });

  test("a client that reads nothing holds no more than its windows, and the program waits", async () => {
    const accepted = once(server.app.server, "connection");
    const client = await connectWithSandbox(server.url);
    const [connection] = (await accepted) as [Socket];
    client.socket.pause();
    const flood = { limits: { ...limits, output_bytes: 16 * MIB }, on_output_limit: "kill" };
    const before = process.memoryUsage().rss;
    client.send(execMessage(["/bin/sh", "-c", "yes; : "], flood));
    await untilStill(() => connection.bytesWritten);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * MIB);
    client.socket.resume();
    // It grants nothing: one window of one stream, and then no more.
    const bytes = await untilStill(() => client.binaryBytes());
    expect(bytes).toBeGreaterThan(200_000);
    expect(bytes).toBeLessThan(300_000);
    expect(client.messages.map(({ type }) => type)).toEqual(["created"]);
    client.socket.terminate();
    await slotsAreFree();
  });

  describe("with short times", () => {
    let hasty: SandboxServer;
    beforeAll(async () => {
      hasty = await startSandboxServer(linux, {
        config: { concurrency: 4, memory: "64GiB", server: { requestTimeout: "300ms" } },
        times: { idleMs: 400, lifeMs: 1_500, heartbeat: { intervalMs: 100, deadMs: 500 } },
      });
    });
    afterAll(() => hasty[Symbol.asyncDispose]());

    test("a client that sends nothing gets no time without end", async () => {
      const client = await connectRaw(hasty.url);
      client.send(createMessage());
      expect(await client.next("failed")).toMatchObject({ error: { code: "REQUEST_TIMEOUT" } });
      expect(await client.closed).toBe(1008);
    });

    test("a sandbox in which nothing runs goes", async () => {
      const client = await connectWithSandbox(hasty.url);
      expect((await client.next("over")).error?.message).toContain("nothing ran in it for 0.4 s");
      expect(await client.closed).toBe(1008);
      await slotsAreFree(hasty);
    });

    test("one in which nothing runs goes sooner where others wait for its slot", async () => {
      await using single = await startSandboxServer(linux, {
        config: { concurrency: 1, memory: "64GiB" },
        times: { idleMs: 30_000, idleWhileWantedMs: 200 },
      });
      const idle = await connectWithSandbox(single.url);
      const other = await connectRaw(single.url);
      other.send(createMessage());
      other.send({ type: "start" });
      expect((await idle.next("over")).error?.message).toContain("nothing ran in it for");
      await other.next("created");
      expect(await idle.closed).toBe(1008);
    });

    test("a sandbox does not live without end", async () => {
      const client = await connectWithSandbox(hasty.url);
      client.send(execMessage(["sleep", "60"]));
      expect((await client.next("over")).error?.message).toContain("it lived for 1.5 s");
      await slotsAreFree(hasty);
    });

    test("a client that gives no sign of life is taken for gone", async () => {
      const client = await connectWithSandbox(hasty.url);
      client.send(execMessage(["sleep", "60"]));
      client.socket.pause();
      await slotsAreFree(hasty);
      client.socket.terminate();
    });
  });

  test("a server that has no room says that later it may", async () => {
    await using full = await startSandboxServer(linux, {
      config: { concurrency: 1, maxQueued: 0 },
    });
    const first = await connectWithSandbox(full.url);
    const second = await connectRaw(full.url);
    second.send(createMessage());
    second.send({ type: "start" });
    expect(await second.next("failed")).toMatchObject({ error: { code: "CAPACITY_EXHAUSTED" } });
    expect(await second.closed).toBe(1013);
    first.socket.terminate();
    await slotsAreFree(full);
  });

  test("a stopping server ends its sandboxes, and tells why", async () => {
    const stopping = await startSandboxServer(linux);
    const provider = await createRemoteProvider({ url: stopping.url });
    const sandbox = await provider.create(spec, never);
    let stopped: PromiseLike<void> | undefined;
    const onOutput = (): void => {
      stopped ??= stopping[Symbol.asyncDispose]();
    };
    const running = sandbox.exec({ ...sleeping, onOutput }, never);
    await expect(running).rejects.toMatchObject({ code: "SHUTTING_DOWN" });
    await stopped;
    await sandbox.destroy();
  });

  const startProgram = (name: string, args: readonly string[]): ChildProcess =>
    spawn(
      process.execPath,
      [bundle(join(import.meta.dirname, "../helpers/remote", name), folder), ...args],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );

  test("kill -9 of the client takes its sandbox along", async () => {
    const mark = leftovers.env["GLOVEBOX_TEST_MARK"] ?? "";
    const countSleeping = async (): Promise<number> =>
      (await leftovers.processes()).filter(({ commandLine }) => commandLine === "sleep 300").length;
    const owner = startProgram("remote-owner.ts", [server.url, mark]);
    try {
      await once(owner.stdout!, "data");
      expect(server.service.slotStats().running).toBe(1);
      // The shell says so before both of its children are what they will be.
      await expect.poll(countSleeping).toBe(2);
    } finally {
      owner.kill("SIGKILL");
    }
    await slotsAreFree();
    expect(await countSleeping()).toBe(0);
  });

  test("kill -9 of the server is a typed failure, and the next one as well", async () => {
    const child = startProgram("server-program.ts", [await locateLauncher()]);
    try {
      const [line] = (await once(child.stdout!, "data")) as [Buffer];
      const provider = await createRemoteProvider({ url: line.toString().trim() });
      const sandbox = await provider.create(spec, never);
      const onOutput = (): void => void child.kill("SIGKILL");
      const running = sandbox.exec({ ...sleeping, onOutput }, never);
      await expect(running).rejects.toMatchObject({ code: "SANDBOX_FAILED" });
      await expect(sandbox.exec({ ...sleeping, onOutput }, never)).rejects.toMatchObject({
        code: "SANDBOX_FAILED",
      });
      await sandbox.destroy();
      await expect(provider.create(spec, never)).rejects.toMatchObject({
        code: "PROVIDER_UNAVAILABLE",
      });
      expect(await provider.probe()).toMatchObject({ available: false });
    } finally {
      child.kill("SIGKILL");
    }
    await isServing();
  });
});
