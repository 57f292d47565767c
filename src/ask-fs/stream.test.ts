import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { opcodes, requestHeaderBytes } from "./protocol.ts";
import { untilStill } from "../../test/helpers/until-still.ts";
import { serveAskFs } from "./server.ts";

/** A server, and the other end of its stream. */
async function serveOverSocket(openTo: (path: string) => "rw" | undefined = () => undefined) {
  const folder = await mkdtemp(join(tmpdir(), "glovebox-ask-fs-"));
  const path = join(folder, "socket");
  const listener = createServer().listen(path);
  await once(listener, "listening");
  const accepted = once(listener, "connection") as Promise<[Socket]>;
  const kernel = connect(path);
  const [stream] = await accepted;
  const questions: AbortSignal[] = [];
  const answers: ((isAllowed: boolean) => void)[] = [];
  const server = serveAskFs({
    stream,
    roots: [{ hostPath: import.meta.filename, kind: "file" }],
    gate: {
      decide: (_question, signal) => {
        questions.push(signal);
        kernel.emit("asked");
        return new Promise((resolve) => {
          answers.push((isAllowed) => {
            resolve({ isAllowed, scope: "once" });
          });
        });
      },
    },
    describeProcess: () => Promise.reject(new Error("nobody knows")),
    openTo,
    hidden: [],
    owner: { uid: 1000, gid: 1000 },
  });
  const stop = async (): Promise<void> => {
    kernel.destroy();
    await server.close();
    listener.close();
    await rm(folder, { recursive: true });
  };
  return { server, stream, kernel, questions, answers, [Symbol.asyncDispose]: stop };
}

let lastUnique = 0n;

function message(opcode: number, nodeId: bigint, body: Uint8Array, pid = 0): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(requestHeaderBytes), body]);
  bytes.writeUInt32LE(bytes.byteLength, 0);
  bytes.writeUInt32LE(opcode, 4);
  bytes.writeBigUInt64LE((lastUnique += 1n), 8);
  bytes.writeBigUInt64LE(nodeId, 16);
  bytes.writeUInt32LE(pid, 32);
  return bytes;
}

function init(major = 7, minor = 40): Buffer {
  const body = Buffer.alloc(64);
  [major, minor, 1 << 20, 0xffff_ffff].forEach((value, index) =>
    body.writeUInt32LE(value, index * 4),
  );
  return message(opcodes.init, 0n, body);
}

const lookUp = (): Buffer => message(opcodes.lookup, 1n, Buffer.from("0\0"));

/** The next reply: all of ours are small enough to come at once. */
async function reply(kernel: Socket, request: Buffer): Promise<Buffer> {
  const data = once(kernel, "data") as Promise<[Buffer]>;
  kernel.write(request);
  return (await data)[0];
}

test("agrees on version 7.31, and wants neither opens without it nor a cache for writes", async () => {
  await using fs = await serveOverSocket();
  const answer = (await reply(fs.kernel, init())).subarray(16);
  expect([answer.readUInt32LE(0), answer.readUInt32LE(4)]).toEqual([7, 31]);
  const [noOpen, writeBack] = [1 << 17, 1 << 16];
  expect(answer.readUInt32LE(12) & (noOpen | writeBack)).toBe(0);
});

test.each([
  ["bytes that are no message", () => Buffer.from("GET / HTTP/1.1\r\n\r\n")],
  ["a request before INIT", lookUp],
  ["another protocol", () => init(8, 0)],
  ["an old kernel", () => init(7, 8)],
  [
    "a name that leaves the tree",
    () => Buffer.concat([init(), message(1, 1n, Buffer.from("../x\0"))]),
  ],
  [
    "a message that is too short",
    () => Buffer.concat([init(), message(opcodes.read, 1n, Buffer.alloc(8))]),
  ],
])("ends at %s", async (_what, bytes) => {
  await using fs = await serveOverSocket();
  fs.kernel.on("error", () => {}).resume();
  const ended = once(fs.kernel, "close");
  fs.kernel.write(bytes());
  await Promise.all([fs.server.closed, ended]);
});

test("answers what names nothing with an error, and goes on", async () => {
  await using fs = await serveOverSocket();
  await reply(fs.kernel, init());
  const unknownNode = await reply(fs.kernel, message(opcodes.getattr, 77n, Buffer.alloc(16)));
  const unknownHandle = await reply(fs.kernel, message(opcodes.read, 1n, Buffer.alloc(40)));
  const unknownOpcode = await reply(fs.kernel, message(9_999, 1n, Buffer.alloc(0)));
  const errors = [unknownNode, unknownHandle, unknownOpcode].map((bytes) => bytes.readInt32LE(4));
  expect(errors).toEqual([-116, -9, -38]);
  expect((await reply(fs.kernel, lookUp())).readInt32LE(4)).toBe(0);
});

describe("a question that is interrupted", () => {
  type Served = Awaited<ReturnType<typeof serveOverSocket>>;
  const open = (nodeId: bigint, pid: number): Buffer =>
    message(opcodes.open, nodeId, Buffer.alloc(8), pid);
  /** The thread 7 asks, and gives up. */
  async function interruptOne({ kernel }: Served) {
    await reply(kernel, init());
    const nodeId = (await reply(kernel, lookUp())).readBigUInt64LE(16);
    const asked = once(kernel, "asked");
    kernel.write(open(nodeId, 7));
    await asked;
    const interrupted = Buffer.alloc(8);
    interrupted.writeBigUInt64LE(lastUnique);
    const answer = await reply(kernel, message(opcodes.interrupt, 0n, interrupted));
    expect([answer.readInt32LE(4), answer.readBigUInt64LE(8)]).toEqual([-4, lastUnique - 1n]);
    return nodeId;
  }

  test("stays for a moment, and is withdrawn if nobody comes back", async () => {
    await using fs = await serveOverSocket();
    await interruptOne(fs);
    const [question] = fs.questions;
    expect(question?.aborted).toBe(false);
    await once(question!, "abort");
  });

  test.each(["before", "after"])("is answered for who asks again %s it", async (when) => {
    await using fs = await serveOverSocket();
    const nodeId = await interruptOne(fs);
    if (when === "after") fs.answers[0]!(true);
    const opened = reply(fs.kernel, open(nodeId, 7));
    // Behind it: what it waits for comes from us.
    if (when === "before") fs.answers[0]!(true);
    expect((await opened).readInt32LE(4)).toBe(0);
    expect(fs.questions).toHaveLength(1);
    const asked = once(fs.kernel, "asked");
    fs.kernel.write(open(nodeId, 7));
    await asked;
  });

  test("is not another thread's", async () => {
    await using fs = await serveOverSocket();
    const nodeId = await interruptOne(fs);
    fs.answers[0]!(true);
    const asked = once(fs.kernel, "asked");
    fs.kernel.write(open(nodeId, 8));
    await asked;
    expect(fs.questions).toHaveLength(2);
  });

  test("is withdrawn at once when the server closes", async () => {
    await using fs = await serveOverSocket();
    await interruptOne(fs);
    await fs.server.close();
    expect(fs.questions[0]?.aborted).toBe(true);
  });
});

test.each(["close", "the end of the stream"])("withdraws all questions at %s", async (how) => {
  await using fs = await serveOverSocket();
  await reply(fs.kernel, init());
  const nodeId = (await reply(fs.kernel, lookUp())).readBigUInt64LE(16);
  const asked = once(fs.kernel, "asked");
  fs.kernel.write(message(opcodes.open, nodeId, Buffer.alloc(8)));
  await asked;
  if (how === "close") await fs.server.close();
  else fs.kernel.destroy();
  await fs.server.closed;
  expect(fs.questions.map(({ aborted }) => aborted)).toEqual([true]);
});

test("takes no more requests while its replies are not taken", async () => {
  await using fs = await serveOverSocket(() => "rw");
  await reply(fs.kernel, init());
  const nodeId = (await reply(fs.kernel, lookUp())).readBigUInt64LE(16);
  const handle = (await reply(fs.kernel, message(opcodes.open, nodeId, Buffer.alloc(8)))).subarray(
    16,
    24,
  );
  fs.kernel.pause();
  const body = Buffer.concat([handle, Buffer.alloc(32)]);
  body.writeUInt32LE(4096, 16);
  const requests = 20_000;
  fs.kernel.write(
    Buffer.concat(Array.from({ length: requests }, () => message(opcodes.read, nodeId, body))),
  );
  // Nothing tells that nothing happens any more, but that nothing has been read for a while.
  await untilStill(() => fs.stream.bytesRead);
  expect(fs.stream.bytesRead).toBeLessThan(requests * 40);
  expect(fs.stream.writableLength).toBeLessThan(1024 * 1024);
  let bytes = 0;
  fs.kernel.on("data", (chunk) => (bytes += chunk.byteLength)).resume();
  await untilStill(() => bytes);
  expect(bytes).toBe(requests * (16 + 4096));
});
