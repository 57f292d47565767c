/**
 * @module
 * Executions that are answered later: accepted, followed, found again.
 */
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createHash, createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { untilStill } from "../helpers/until-still.ts";
import { request, startServer, type RunningServer } from "./http-fixture.ts";

interface ExecutionBody {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly result?: {
    readonly id: string;
    readonly run: { readonly stdout: string; readonly outcome: string };
  };
  readonly error?: { readonly code: string };
}

let server: RunningServer;
beforeAll(async () => {
  server = await startServer({
    concurrency: 2,
    executions: { maxBatch: 5 },
    callbacks: { allowPrivate: true },
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  expect(server.faults).toEqual([]);
});

const bash = (code: string, more: object = {}): object => ({ language: "bash", code, ...more });

async function submit(body: object, headers: Record<string, string> = {}): Promise<ExecutionBody> {
  const answer = await request(`${server.url}/v1/executions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  expect([answer.status, answer.body]).toEqual([202, expect.anything()]);
  return answer.body as ExecutionBody;
}

async function ended(id: string): Promise<ExecutionBody> {
  const { body } = await request(`${server.url}/v1/executions/${id}?wait=20`);
  return body as ExecutionBody;
}

describe("an execution that is answered later", () => {
  test("is accepted, runs, and is found again with its result", async () => {
    const accepted = await submit(bash("cat", { stdin: "in" }));
    expect(accepted).toMatchObject({ state: "queued", attempts: 0 });
    const end = await ended(accepted.id);
    expect(end).toMatchObject({
      id: accepted.id,
      state: "finished",
      attempts: 1,
      result: { id: accepted.id, run: { stdout: "in", outcome: "exited" } },
    });
  });

  test("what is wrong with it is said at once, and nothing is kept", async () => {
    for (const [body, status, code] of [
      [{ language: "nope", code: "" }, 400, "UNKNOWN_LANGUAGE"],
      [bash("true", { priority: 11 }), 400, "INVALID_REQUEST"],
      [bash("true", { callback_url: "ftp://example.org" }), 400, "INVALID_REQUEST"],
      [bash("true", { callback_url: "http://u:p@example.org" }), 400, "INVALID_REQUEST"],
      [bash("true", { tty: { columns: 80, rows: 24 } }), 400, "INVALID_REQUEST"],
      [bash("true", { interactive: true, stdin: "x" }), 400, "INVALID_REQUEST"],
      [bash("true", { limits: { wall_time_ms: 0 } }), 400, "INVALID_REQUEST"],
      [bash("true", { network: "all" }), 403, "NOT_ALLOWED"],
    ] as const) {
      const before = server.kept.executions.count({});
      const answer = await server.post("/v1/executions", body);
      expect([answer.status, answer.body]).toMatchObject([status, { error: { code } }]);
      expect(server.kept.executions.count({})).toBe(before);
    }
  });

  test("another id is not found, whatever it is", async () => {
    for (const id of ["x", "00000000-0000-4000-8000-000000000000", "%00", "a".repeat(60)]) {
      const { status, body } = await request(`${server.url}/v1/executions/${id}`);
      expect([status, body]).toMatchObject([404, { error: { code: "EXECUTION_NOT_FOUND" } }]);
    }
  });

  test("is canceled while it runs, with what it wrote so far", async () => {
    const { id } = await submit(bash("echo begun; sleep 60"));
    await followUntil(id, (event) => event.data.includes("begun"));
    const answer = await request(`${server.url}/v1/executions/${id}/cancel`, { method: "POST" });
    expect(answer.body).toMatchObject({
      state: "canceled",
      result: { run: { stdout: "begun\n", outcome: "canceled" } },
    });
    const again = await request(`${server.url}/v1/executions/${id}/cancel`, { method: "POST" });
    expect(again).toMatchObject({ status: 200, body: { state: "canceled" } });
  });

  test("is canceled while it waits, and never runs", async () => {
    const blockers = await Promise.all([submit(bash("sleep 60")), submit(bash("sleep 60"))]);
    const { id } = await submit(bash("echo never"));
    const answer = await request(`${server.url}/v1/executions/${id}/cancel`, { method: "POST" });
    expect(answer.body).toMatchObject({ state: "canceled", attempts: 0 });
    expect((answer.body as ExecutionBody).result).toBeUndefined();
    for (const blocker of blockers) {
      await request(`${server.url}/v1/executions/${blocker.id}`, { method: "DELETE" });
      await request(`${server.url}/v1/executions/${blocker.id}/cancel`, { method: "POST" });
    }
  });

  test("is deleted, but not while it runs", async () => {
    const { id } = await submit(bash("sleep 60"));
    await followUntil(id, (event) => event.data.includes('"running"'));
    const refused = await request(`${server.url}/v1/executions/${id}`, { method: "DELETE" });
    expect([refused.status, refused.body]).toMatchObject([409, { error: { code: "CONFLICT" } }]);
    await request(`${server.url}/v1/executions/${id}/cancel`, { method: "POST" });
    const deleted = await request(`${server.url}/v1/executions/${id}`, { method: "DELETE" });
    expect([deleted.status, deleted.body]).toEqual([204, undefined]);
    expect((await request(`${server.url}/v1/executions/${id}`)).status).toBe(404);
  });

  test("comes once for one idempotency key, and not with another request", async () => {
    const key = { "idempotency-key": "order-1" };
    const first = await submit(bash("echo one"), key);
    const second = await submit(bash("echo one"), key);
    expect(second.id).toBe(first.id);
    const other = await request(`${server.url}/v1/executions`, {
      method: "POST",
      headers: { "content-type": "application/json", ...key },
      body: JSON.stringify(bash("echo two")),
    });
    expect([other.status, other.body]).toMatchObject([409, { error: { code: "CONFLICT" } }]);
  });

  test("a batch has an answer for each, in order", async () => {
    const executions = [bash("echo a"), { language: "nope", code: "" }, 7, bash("echo b")];
    const { status, body } = await server.post("/v1/executions/batch", { executions });
    expect(status).toBe(202);
    const answers = (body as { executions: readonly ExecutionBody[] }).executions;
    expect(answers).toMatchObject([
      { state: "queued" },
      { error: { code: "UNKNOWN_LANGUAGE" } },
      { error: { code: "INVALID_REQUEST" } },
      { state: "queued" },
    ]);
    const ids = [answers[0]?.id, "none", answers[3]?.id];
    await Promise.all([ended(ids[0] ?? ""), ended(ids[2] ?? "")]);
    const listed = await request(`${server.url}/v1/executions?ids=${ids.join(",")}`);
    expect(listed.body).toMatchObject({
      executions: [
        { result: { run: { stdout: "a\n" } } },
        null,
        { result: { run: { stdout: "b\n" } } },
      ],
    });
    const tooMany = { executions: Array.from({ length: 6 }, () => bash("true")) };
    expect((await server.post("/v1/executions/batch", tooMany)).status).toBe(400);
  });

  test("is listed newest first, page by page", async () => {
    const made = [
      await submit(bash("echo 1")),
      await submit(bash("echo 2")),
      await submit(bash("echo 3")),
    ];
    const ids: string[] = [];
    let cursor = "";
    for (let page = 0; page < 2; page++) {
      const { body } = await request(`${server.url}/v1/executions?limit=2${cursor}`);
      const { executions, next_cursor: next } = body as {
        executions: readonly ExecutionBody[];
        next_cursor: string | null;
      };
      ids.push(...executions.map(({ id }) => id));
      cursor = `&cursor=${next}`;
    }
    expect(ids.slice(0, 3)).toEqual(made.map(({ id }) => id).reverse());
    expect(new Set(ids).size).toBe(4);
    for (const query of ["limit=0", "limit=101", "limit=x", "state=odd", "cursor=-1", "foo=1"]) {
      expect((await request(`${server.url}/v1/executions?${query}`)).status).toBe(400);
    }
  });
});

interface SseEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

/** All events up to the one that is looked for, or to the end. */
async function followUntil(
  id: string,
  isLast: (event: SseEvent) => boolean,
  headers: Record<string, string> = {},
): Promise<readonly SseEvent[]> {
  const response = await fetch(`${server.url}/v1/executions/${id}/events`, {
    headers,
  });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const events: SseEvent[] = [];
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const field = (name: string): string | undefined =>
        block
          .split("\n")
          .find((line) => line.startsWith(`${name}: `))
          ?.slice(name.length + 2);
      const event = { id: field("id"), event: field("event") ?? "", data: field("data") ?? "" };
      events.push(event);
      // Leaving the loop hangs up.
      if (isLast(event)) return events;
    }
  }
  return events;
}

const outputOf = (events: readonly SseEvent[]): string =>
  events
    .filter(({ event }) => event === "output")
    .map(({ data }) => (JSON.parse(data) as { data: string }).data)
    .join("");

describe("events of an execution", () => {
  test("come as they happen, and again from any place", async () => {
    const { id } = await submit(bash("echo é1; sleep 0.1; echo 2 >&2; sleep 0.1; echo 3"));
    const events = await followUntil(id, () => false);
    expect(events.map(({ event }) => event)).toEqual(
      ["state", "state", "output", "output", "output", "end"].slice(
        events[0]?.data.includes('"running"') === true ? 1 : 0,
      ),
    );
    expect(outputOf(events)).toBe("é1\n2\n3\n");
    const cursor = events.find(({ event }) => event === "output")?.id ?? "";
    expect(cursor).toBe("1.0.0.4.0");
    const later = await followUntil(id, () => false, { "last-event-id": cursor });
    expect(later.map(({ event }) => event)).toEqual(["state", "output", "output", "end"]);
    expect(outputOf(later)).toBe("2\n3\n");
    // As if the server had died after it, and the execution had been begun anew.
    const before = { "last-event-id": cursor.replace(/^1/, "0") };
    expect(outputOf(await followUntil(id, () => false, before))).toBe("é1\n2\n3\n");
  });

  test("bytes that are no UTF-8 come as base64", async () => {
    const { id } = await submit(bash("printf '\\xff\\xfe'"));
    const events = await followUntil(id, () => false);
    const { data, encoding } = JSON.parse(
      events.find(({ event }) => event === "output")?.data ?? "{}",
    ) as { data: string; encoding: string };
    expect([encoding, Buffer.from(data, "base64")]).toEqual(["base64", Buffer.from([0xff, 0xfe])]);
  });

  test("a cursor that is none is refused", async () => {
    const { id } = await submit(bash("true"));
    const answer = await request(`${server.url}/v1/executions/${id}/events?cursor=x`);
    expect(answer.status).toBe(400);
  });
});

interface Message {
  readonly type: string;
  readonly data?: string;
  readonly cursor?: string;
  readonly execution?: ExecutionBody;
  readonly error?: { readonly code: string };
}

/** A client that keeps what comes. */
function attach(
  id: string,
  query = "",
): { socket: WebSocket; messages: Message[]; closed: Promise<number> } {
  const socket = new WebSocket(
    `${server.url.replace("http", "ws")}/v1/executions/${id}/attach${query}`,
  );
  const messages: Message[] = [];
  socket.on(
    "message",
    (data: Buffer) => void messages.push(JSON.parse(data.toString()) as Message),
  );
  const closed = once(socket, "close").then(([code]) => code as number);
  return { socket, messages, closed };
}

const writtenBy = (id: string): number =>
  server.kept.executions.live(id)?.log.output("run").stdout.byteLength ?? 0;

const textOf = (messages: readonly Message[]): string =>
  messages.map(({ type, data = "" }) => (type === "output" ? data : "")).join("");

describe("an interactive execution", () => {
  test("reads what is sent, to the end of input", async () => {
    const { id } = await submit(
      bash("while read -r x; do echo got $x; done; echo eof", { interactive: true }),
    );
    const { socket, messages, closed } = attach(id);
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "stdin", data: "a\n" }));
    await expect.poll(() => textOf(messages)).toBe("got a\n");
    socket.send(
      JSON.stringify({
        type: "stdin",
        data: Buffer.from("b\n").toString("base64"),
        encoding: "base64",
      }),
    );
    await expect.poll(() => textOf(messages)).toBe("got a\ngot b\n");
    socket.send(JSON.stringify({ type: "eof" }));
    expect(await closed).toBe(1000);
    expect(textOf(messages)).toBe("got a\ngot b\neof\n");
    expect(messages.at(-1)).toMatchObject({ type: "end", execution: { state: "finished" } });
  });

  test("gets signals", async () => {
    const { id } = await submit(
      bash("trap 'echo usr1; exit 7' USR1; echo ready; while :; do sleep 0.02; done", {
        interactive: true,
      }),
    );
    const { socket, messages, closed } = attach(id);
    await expect.poll(() => textOf(messages)).toBe("ready\n");
    socket.send(JSON.stringify({ type: "signal", signal: "SIGUSR1" }));
    await closed;
    expect(messages.at(-1)).toMatchObject({ execution: { result: { run: { exit_code: 7 } } } });
  });

  test("who comes back goes on where it was", async () => {
    const { id } = await submit(bash("echo one; read x; echo two $x", { interactive: true }));
    const first = attach(id);
    await expect.poll(() => textOf(first.messages)).toBe("one\n");
    const { cursor = "" } = first.messages.find(({ type }) => type === "output") ?? {};
    first.socket.terminate();
    const second = attach(id, `?cursor=${cursor}`);
    await once(second.socket, "open");
    second.socket.send(JSON.stringify({ type: "stdin", data: "x\n" }));
    await second.closed;
    expect(textOf(second.messages)).toBe("two x\n");
  });

  test("its program waits for a reader that does not read", async () => {
    const { id } = await submit(
      bash("head -c 20000000 /dev/zero | tr '\\0' x", {
        interactive: true,
        limits: { output_bytes: 16_000_000 },
      }),
    );
    const { socket, messages, closed } = attach(id);
    await once(socket, "open");
    socket.pause();
    const written = await untilStill(() => writtenBy(id));
    expect(written).toBeLessThan(16_000_000);
    expect(server.kept.executions.live(id)?.info.state).toBe("running");
    socket.resume();
    await closed;
    expect(Buffer.byteLength(textOf(messages))).toBe(16_000_000);
  });

  test.each([
    ["no JSON", "x"],
    ["another type", JSON.stringify({ type: "odd" })],
    ["an unknown signal", JSON.stringify({ type: "signal", signal: "SIGFOO" })],
    ["an unknown field", JSON.stringify({ type: "eof", x: 1 })],
    ["half a base64", JSON.stringify({ type: "stdin", data: "a", encoding: "base64" })],
    ["bytes", Buffer.from([1, 2, 3])],
  ])("answers %s, and goes on", async (_name, frame) => {
    const { id } = await submit(bash("cat", { interactive: true }));
    const { socket, messages, closed } = attach(id);
    await once(socket, "open");
    socket.send(frame);
    await expect.poll(() => messages.some(({ type }) => type === "error")).toBe(true);
    socket.send(JSON.stringify({ type: "eof" }));
    expect(await closed).toBe(1000);
  });

  test.each([
    ["as many small ones as fit", 1_200, 200],
    ["three large ones", 3, 900_000],
  ])("gets signals before input that waits: %s", async (_what, count, size) => {
    const { id } = await submit(bash("echo ready; exec sleep 20", { interactive: true }));
    const { socket, messages, closed } = attach(id);
    await expect.poll(() => textOf(messages)).toBe("ready\n");
    const message = JSON.stringify({ type: "stdin", data: "x".repeat(size) });
    for (let index = 0; index < count; index++) socket.send(message);
    socket.send(JSON.stringify({ type: "eof" }));
    socket.send(JSON.stringify({ type: "signal", signal: "SIGTERM" }));
    const left = new Promise((resolve) => setTimeout(resolve, 4_000, "not seen"));
    expect(await Promise.race([closed, left])).toBe(1000);
    expect(messages.at(-1)).toMatchObject({
      execution: { result: { run: { signal: "SIGTERM" } } },
    });
  });

  test("gets megabytes of input in their order, as fast as it reads", async () => {
    const code = "sleep 0.3; sha256sum";
    const { id } = await submit(bash(code, { interactive: true }));
    const { socket, messages, closed } = attach(id);
    await once(socket, "open");
    const hash = createHash("sha256");
    for (let index = 0; index < 400; index++) {
      const data = `${index}`.repeat(index % 7 === 0 ? 100_000 : 10);
      hash.update(data);
      socket.send(JSON.stringify({ type: "stdin", data }));
    }
    socket.send(JSON.stringify({ type: "eof" }));
    expect(await closed).toBe(1000);
    expect(textOf(messages)).toBe(`${hash.digest("hex")}  -\n`);
  });

  test("an execution that is not there", async () => {
    const { messages, closed } = attach("none");
    expect(await closed).toBe(1008);
    expect(messages).toMatchObject([{ type: "error", error: { code: "EXECUTION_NOT_FOUND" } }]);
  });
});

test("a callback is signed, and tried again until it is taken", async () => {
  const bodies: { readonly signature: string; readonly body: string }[] = [];
  const receiver = createServer((incoming, answer) => {
    let body = "";
    incoming.on("data", (chunk: Buffer) => (body += chunk.toString()));
    incoming.on("end", () => {
      bodies.push({ signature: String(incoming.headers["glovebox-signature"]), body });
      answer.writeHead(bodies.length === 1 ? 500 : 204).end();
    });
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const { port } = receiver.address() as AddressInfo;
  const { id } = await submit(bash("echo called", { callback_url: `http://127.0.0.1:${port}/x` }));
  await expect.poll(() => bodies.length, { timeout: 10_000 }).toBe(2);
  receiver.close();
  const [, { signature, body } = { signature: "", body: "" }] = bodies;
  expect(JSON.parse(body)).toMatchObject({ id, result: { run: { stdout: "called\n" } } });
  const [, seconds = "", mac = ""] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
  const secret = server.kept.callbackSecret("anonymous");
  expect(createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")).toBe(mac);
});

test("who follows an execution when the server stops is told no end of it", async () => {
  const stopping = await startServer({ server: { shutdownGrace: "0s" } });
  const answer = await stopping.post("/v1/executions", bash("echo begun; sleep 60"));
  const { id } = answer.body as ExecutionBody;
  const socket = new WebSocket(`${stopping.url.replace("http", "ws")}/v1/executions/${id}/attach`);
  const types: string[] = [];
  socket.on("message", (data: Buffer) => {
    types.push((JSON.parse(data.toString()) as Message).type);
  });
  const closed = once(socket, "close").then(([code]) => code as number);
  await expect.poll(() => types).toContain("output");
  await stopping[Symbol.asyncDispose]();
  expect(await closed).toBe(1001);
  expect(types).not.toContain("end");
});
