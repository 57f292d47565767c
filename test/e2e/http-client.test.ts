/**
 * @module
 * `glovebox/client` against a real server, over connections that break, and in the form in which a
 * browser would get it.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { compileFunction } from "node:vm";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import {
  createClient,
  GloveboxApiError,
  toBytes,
  type AttachMessage,
  type ExecutionMessage,
  type GloveboxClient,
} from "../../src/client/index.ts";
import { startServer, type RunningServer } from "./http-fixture.ts";

const secret = "gbx_a-key-that-can-be-read-here";
let server: RunningServer;
let client: GloveboxClient;
beforeAll(async () => {
  server = await startServer(
    { server: { auth: "required" }, concurrency: 4 },
    undefined,
    async ({ keyring }) => {
      await keyring.create({ name: "a", scopes: ["run"], rules: {}, secret, now: Date.now() });
    },
  );
  client = createClient({ url: `${server.url}/`, key: secret, WebSocket });
});
afterAll(async () => server[Symbol.asyncDispose]());

const bash = (code: string) => ({ language: "bash", code });

const textOf = (messages: readonly (AttachMessage | ExecutionMessage)[]): string =>
  messages.map((each) => (each.type === "output" ? each.data : "")).join("");

async function allOf<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

describe("a client", () => {
  test("runs a program", async () => {
    const { run } = await client.run({ ...bash("cat; exit 3"), stdin: "in" });
    expect(run).toMatchObject({ stdout: "in", exit_code: 3, outcome: "exited" });
  });

  test("submits, waits, lists, cancels and removes", async () => {
    const { id } = await client.submit(bash("echo done"));
    const ended = await client.wait(id);
    expect(ended).toMatchObject({ id, state: "finished", result: { run: { stdout: "done\n" } } });
    expect(await client.get(id, { waitSeconds: 1 })).toEqual(ended);
    expect(await client.list({ ids: [id, "none"] })).toEqual({
      executions: [ended, null],
      next_cursor: null,
    });
    const asleep = await client.submit(bash("sleep 60"));
    expect(await client.cancel(asleep.id)).toMatchObject({ state: "canceled" });
    const page = await client.list({ state: "canceled", limit: 1 });
    expect(page.executions).toMatchObject([{ id: asleep.id }]);
    await client.remove(id);
    await expect(client.get(id)).rejects.toMatchObject({
      code: "EXECUTION_NOT_FOUND",
      status: 404,
    });
  });

  test("submits once for one idempotency key, and many at once", async () => {
    const once = { idempotencyKey: "k1" };
    const first = await client.submit(bash("echo 1"), once);
    expect((await client.submit(bash("echo 1"), once)).id).toBe(first.id);
    const { executions } = await client.submitBatch([
      bash("echo 1"),
      { language: "nope", code: "" },
    ]);
    expect(executions).toMatchObject([
      { state: "queued" },
      { error: { code: "UNKNOWN_LANGUAGE" } },
    ]);
  });

  test("tells what the server is", async () => {
    expect(await client.health()).toMatchObject({ name: "glovebox" });
    expect(await client.ready()).toMatchObject({ ready: true });
    expect((await client.info()).limits.max.wall_time_ms).toBe(300_000);
  });

  test("throws what the server says is wrong", async () => {
    const failure = await client
      .run({ language: "nope", code: "" })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(GloveboxApiError);
    expect(failure).toMatchObject({
      status: 400,
      code: "UNKNOWN_LANGUAGE",
      details: { language: "nope" },
    });
    const stranger = createClient({ url: server.url });
    await expect(stranger.info()).rejects.toMatchObject({ status: 401, code: "UNAUTHENTICATED" });
    const signal = AbortSignal.abort(new Error("mine"));
    await expect(client.info({ signal })).rejects.toThrow("mine");
  });

  test("takes an address in whatever letters", async () => {
    const urls: string[] = [];
    class Recorded extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        urls.push(url);
      }
    }
    const url = `HTTP://127.0.0.1:${server.port}//?`;
    const odd = createClient({ url, key: secret, WebSocket: Recorded });
    expect(await odd.health()).toMatchObject({ name: "glovebox" });
    (await odd.attach("none")).close();
    expect(urls).toEqual([`ws://127.0.0.1:${server.port}/v1/executions/none/attach`]);
  });

  test.each([
    "example.org",
    "ftp://example.org",
    "http://",
    "http://example.org/?a=b",
    "http://example.org/#a",
    "http://user@example.org",
    "http://:word@example.org",
  ])("does not take %j for an address", (url) => {
    expect(() => createClient({ url })).toThrow(TypeError);
  });

  test.each(["", "gbx_…", "two words", "a\nb"])("does not take %j for a key", (key) => {
    expect(() => createClient({ url: server.url, key })).toThrow(/^key: /);
  });
});

describe("events", () => {
  test("come to the end, and go on behind a cursor", async () => {
    const { id } = await client.submit(bash("echo 1; sleep 0.1; echo 2"));
    const messages = await allOf(client.events(id));
    expect(textOf(messages)).toBe("1\n2\n");
    expect(messages.at(-1)).toMatchObject({ type: "end", execution: { state: "finished" } });
    const cursor = messages.flatMap((each) => (each.type === "output" ? each.cursor : []))[0];
    expect(textOf(await allOf(client.events(id, { cursor })))).toBe("2\n");
    await expect(allOf(client.events("none"))).rejects.toMatchObject({ status: 404 });
  });

  test("go on where a connection breaks, without a gap and without a doublet", async () => {
    await using proxy = await startBreakingProxy(server.port);
    const broken = createClient({ url: proxy.url, key: secret, retries: 0 });
    const { id } = await broken.submit(bash("for i in 1 2 3 4; do echo $i; sleep 0.1; done"));
    const messages: ExecutionMessage[] = [];
    const calls: string[] = [];
    const onBreak = (): void => void calls.push("break");
    const onResume = (): void => void calls.push("resume");
    for await (const message of broken.events(id, { onBreak, onResume })) {
      messages.push(message);
      if (message.type === "output") proxy.breakAll();
    }
    expect(textOf(messages)).toBe("1\n2\n3\n4\n");
    expect(proxy.connections()).toBeGreaterThan(2);
    const states = messages.flatMap((each) => (each.type === "state" ? each.execution.state : []));
    expect(new Set(states).size).toBe(states.length);
    expect(calls.slice(0, 2)).toEqual(["break", "resume"]);
    expect(calls.filter((call) => call === "resume").length).toBeGreaterThan(1);
  });

  test("end with the signal", async () => {
    const { id } = await client.submit(bash("echo begun; sleep 60"));
    const controller = new AbortController();
    const reading = (async () => {
      for await (const message of client.events(id, { signal: controller.signal })) {
        if (message.type === "output") controller.abort(new Error("enough"));
      }
    })();
    await expect(reading).rejects.toThrow("enough");
    await client.cancel(id);
  });
});

describe("a stream", () => {
  test("submits, and has what happens from then on", async () => {
    const messages = await allOf(client.stream(bash("echo 1; sleep 0.1; echo 2 >&2; exit 4")));
    const [first] = messages;
    expect(first).toMatchObject({ type: "state", execution: { id: expect.any(String) as string } });
    expect(textOf(messages)).toBe("1\n2\n");
    expect(messages.at(-1)).toMatchObject({
      type: "end",
      execution: { result: { run: { exit_code: 4 } } },
    });
  });

  test("goes on where a connection breaks, and submits once", async () => {
    await using proxy = await startBreakingProxy(server.port);
    const broken = createClient({ url: proxy.url, key: secret });
    const code = "for i in 1 2 3; do echo $i; sleep 0.1; done";
    const messages: ExecutionMessage[] = [];
    const ids = new Set<string>();
    for await (const message of broken.stream(bash(code))) {
      messages.push(message);
      if (message.type === "state") ids.add(message.execution.id);
      if (message.type !== "end") proxy.breakAll();
    }
    expect(textOf(messages)).toBe("1\n2\n3\n");
    expect(ids.size).toBe(1);
    expect(proxy.connections()).toBeGreaterThan(2);
  });

  test("is refused at once where nothing would help, and not told as broken", async () => {
    const calls: unknown[] = [];
    const onBreak = (failure: unknown): void => void calls.push(failure);
    const refused = allOf(client.stream({ language: "nope", code: "" }, { onBreak }));
    await expect(refused).rejects.toMatchObject({ status: 400, code: "UNKNOWN_LANGUAGE" });
    const nobody = createClient({ url: "http://127.0.0.1:9", retries: 1 });
    await expect(allOf(nobody.stream(bash("true"), { onBreak }))).rejects.toMatchObject({
      status: 0,
    });
    expect(calls).toEqual([]);
  });

  test("is one request for any client, which may be sent again", async () => {
    const post = (key: string): Promise<Response> =>
      fetch(`${server.url}/v1/executions`, {
        method: "POST",
        headers: {
          ...{ authorization: `Bearer ${secret}`, accept: "text/event-stream" },
          ...{ "content-type": "application/json", "idempotency-key": key },
        },
        body: JSON.stringify(bash("echo $RANDOM")),
      });
    const [first, again] = [await post("stream-1"), await post("stream-1")];
    for (const { status, headers } of [first, again]) {
      expect([status, headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    }
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(again.headers.get("location")).toBe(first.headers.get("location"));
    const [one, two] = [await first.text(), await again.text()];
    const [, output] = /event: output\ndata: (.*)/.exec(one) ?? [];
    expect(output).toContain('"data"');
    expect(two).toContain(output);
  });

  test("that nobody reads any more leaves its execution alone", async () => {
    let id = "";
    for await (const message of client.stream(bash("sleep 0.5; echo done"))) {
      if (message.type === "state") ({ id } = message.execution);
      break;
    }
    expect(await client.wait(id)).toMatchObject({ result: { run: { stdout: "done\n" } } });
  });
});

describe("an attachment", () => {
  const interactive = (code: string) => client.submit({ ...bash(code), interactive: true });

  test("types, and reads what comes back", async () => {
    const { id } = await interactive("while read -r x; do echo got $x; done; echo eof");
    const attachment = await client.attach(id);
    await attachment.write("a\n");
    await attachment.write(new TextEncoder().encode("é\n"));
    attachment.end();
    const messages = await allOf(attachment.messages());
    expect(textOf(messages)).toBe("got a\ngot é\neof\n");
    expect(messages.at(-1)).toMatchObject({ type: "end", execution: { state: "finished" } });
    expect(attachment.cursor).toMatch(/^1\.0\.0\.\d+\.0$/);
  });

  test("goes on behind its cursor, and sends signals", async () => {
    const { id } = await interactive(
      "trap 'echo usr1; exit 7' USR1; echo one; while :; do sleep 0.02; done",
    );
    const first = await client.attach(id);
    for await (const message of first.messages()) if (message.type === "output") break;
    const second = await client.attach(id, { cursor: first.cursor });
    second.resize({ columns: 80, rows: 24 });
    second.signal("SIGUSR1");
    const messages = await allOf(second.messages());
    // A shell may also say by what its `sleep` was ended.
    expect(textOf(messages)).toContain("usr1\n");
    expect(textOf(messages)).not.toContain("one");
    expect(messages.at(-1)).toMatchObject({ execution: { result: { run: { exit_code: 7 } } } });
  });

  test("writes more than one message holds, and waits for a program that reads slowly", async () => {
    const { id } = await interactive("sleep 0.2; wc -c");
    const attachment = await client.attach(id);
    await attachment.write(new Uint8Array(3_000_001));
    await attachment.write("\u0001".repeat(500_000) + "😀".repeat(100_001));
    attachment.end();
    const messages = await allOf(attachment.messages());
    expect(textOf(messages).trim()).toBe(`${3_000_001 + 500_000 + 4 * 100_001}`);
  });

  test("reads all of a flood, though it is slow", async () => {
    const { id } = await client.submit({
      ...bash("head -c 2000000 /dev/zero | tr '\\0' x"),
      interactive: true,
      limits: { output_bytes: 2_000_000 },
    });
    const attachment = await client.attach(id);
    let bytes = 0;
    for await (const message of attachment.messages()) {
      if (message.type !== "output") continue;
      bytes += toBytes(message.data, message.encoding).byteLength;
      if (bytes < 500_000) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(bytes).toBe(2_000_000);
  });

  test("says why it can't be had", async () => {
    await expect(client.attach("none").then((it) => allOf(it.messages()))).rejects.toMatchObject({
      code: "EXECUTION_NOT_FOUND",
    });
    const stranger = createClient({ url: server.url, WebSocket });
    await expect(stranger.attach("none")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const nowhere = createClient({ url: "http://127.0.0.1:1", WebSocket, retries: 0 });
    await expect(nowhere.attach("none")).rejects.toMatchObject({ code: "CONNECTION_FAILED" });
    if ("WebSocket" in globalThis) return;
    const bare = createClient({ url: server.url, key: secret });
    await expect(bare.attach("none")).rejects.toThrow(TypeError);
  });

  test("breaks off with its signal, and with its connection", async () => {
    const { id } = await interactive("cat");
    const controller = new AbortController();
    const aborted = await client.attach(id, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(allOf(aborted.messages())).rejects.toThrow("enough");
    await using proxy = await startBreakingProxy(server.port);
    const far = createClient({ url: proxy.url, key: secret, WebSocket });
    const attachment = await far.attach(id);
    proxy.breakAll();
    await expect(allOf(attachment.messages())).rejects.toMatchObject({ code: "CONNECTION_FAILED" });
    await client.cancel(id);
  });
});

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers?: Record<string, string>;
}

describe("trying again", () => {
  const json = (body: unknown): string => JSON.stringify(body);
  const failure = (status: number, code: string, details: object = {}): Reply => ({
    status,
    body: json({ error: { code, message: "m", details } }),
  });
  const good: Reply = { status: 200, body: json({ id: "1" }) };
  const busy = failure(429, "CAPACITY_EXHAUSTED", { limit: 1, retryAfterMs: 1 });
  const stopping = failure(503, "SHUTTING_DOWN");
  const proxy: Reply = { status: 502, body: "<html>" };
  const tomorrow = failure(429, "QUOTA_EXHAUSTED", { limit: 1, retryAfterMs: 3_600_000 });

  test.each<
    [string, (client: GloveboxClient) => Promise<unknown>, Reply[], number, string | undefined]
  >([
    ["a run that was not begun", (it) => it.run(bash("")), [busy, busy, good], 3, undefined],
    ["a run that may have been begun", (it) => it.run(bash("")), [stopping], 1, "SHUTTING_DOWN"],
    ["a question", (it) => it.languages(), [stopping, good], 2, undefined],
    ["a look", (it) => it.get("1"), [stopping, proxy, good], 3, undefined],
    ["a look, not for ever", (it) => it.get("1"), [proxy, proxy, proxy], 3, "BAD_ANSWER"],
    ["a submission", (it) => it.submit(bash("")), [stopping, good], 2, undefined],
    ["a batch that may be accepted", (it) => it.submitBatch([]), [proxy], 1, "BAD_ANSWER"],
    ["what is wrong", (it) => it.get("1"), [failure(400, "INVALID_REQUEST")], 1, "INVALID_REQUEST"],
    ["what would take hours", (it) => it.get("1"), [tomorrow], 1, "QUOTA_EXHAUSTED"],
    [
      "an answer that is no JSON",
      (it) => it.get("1"),
      [{ status: 200, body: "x" }],
      1,
      "BAD_ANSWER",
    ],
  ])("%s", async (_name, call, replies, requests, code) => {
    await using scripted = await startScripted(replies);
    const result = await call(createClient({ url: scripted.url })).catch((error: unknown) => error);
    expect(result).toMatchObject(code === undefined ? { id: "1" } : { code });
    expect(scripted.keys).toHaveLength(requests);
    // The same one each time: the server knows it again.
    expect(new Set(scripted.keys).size).toBe(1);
  });
});

test("in a browser it needs nothing that is not there", async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL("../../src/client/index.ts", import.meta.url))],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const foreign = Object.keys(metafile.inputs).filter((path) => !path.includes("src/client/"));
  expect(foreign).toEqual([]);
  const [bundle] = outputFiles;
  expect(bundle!.contents.byteLength).toBeLessThan(12_000);
  expect(bundle!.text).not.toMatch(/\b(process|Buffer|require)\b/);
});

describe("docs/client.md", () => {
  const page = readFileSync(new URL("../../docs/client.md", import.meta.url), "utf8");
  const examples = [...page.matchAll(/^## (.+?)$.*?```js\n(.+?)```/gms)].map(
    ([, title = "", code = ""]) => [title, code] as const,
  );

  test.each(examples)("%s: the example works", async (_title, code) => {
    const lines: string[] = [];
    const said = [...code.matchAll(/\/\/ → (.+)$/gm)].map(([, text]) => text);
    const body = code.replace(/^import .+$/gm, "").replace(/createClient\(\{.*?\}\)/gs, "given");
    const run = compileFunction(`return (async () => {${body}})()`, [
      ...["given", "GloveboxApiError", "toBytes", "console"],
    ]) as (...args: unknown[]) => Promise<void>;
    const console = { log: (...texts: unknown[]) => void lines.push(texts.join(" ").trim()) };
    await run(client, GloveboxApiError, toBytes, console);
    expect(said.length).toBeGreaterThan(0);
    expect(lines).toEqual(said);
  });
});

/** A TCP proxy whose connections end in the middle. */
async function startBreakingProxy(port: number) {
  const sockets = new Set<Socket>();
  let connections = 0;
  const proxy = createTcpServer((near) => {
    connections++;
    const far = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on("error", () => undefined);
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: await listening(proxy),
    breakAll,
    connections: () => connections,
    ...closing(proxy, breakAll),
  };
}

/** Gives one reply after the other, and keeps the idempotency keys that came. */
async function startScripted(replies: readonly Reply[]) {
  const keys: (string | string[] | undefined)[] = [];
  const scripted: Server = createServer((request, response) => {
    const { status, body, headers } = replies[keys.length] ?? { status: 500, body: "" };
    keys.push(request.headers["idempotency-key"]);
    request.resume();
    response.writeHead(status, headers).end(body);
  });
  return {
    url: await listening(scripted),
    keys,
    ...closing(scripted, () => {
      scripted.closeAllConnections();
    }),
  };
}

async function listening(server: ReturnType<typeof createTcpServer> | Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const closing = (server: ReturnType<typeof createTcpServer> | Server, breakAll: () => void) => ({
  [Symbol.asyncDispose]: async (): Promise<void> => {
    breakAll();
    await new Promise((resolve) => server.close(resolve));
  },
});
