import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import type { Command } from "../../core/command.ts";
import { controls } from "../../core/enforcement.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import { encodeFrame } from "../../sandbox-protocol/frames.ts";
import { snakeCase } from "../../util/snake-case.ts";
import { createRemoteProvider } from "./index.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(listener: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const offer = {
  name: "glovebox",
  version: "9.9.9",
  protocol: 1,
  provider: { name: "linux", programs: "host" },
};

const answer =
  (status: number, body: unknown, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
  };

const failure = (code: string, message: string) => ({ error: { code, message, details: {} } });

describe("a server that can't be used", () => {
  test.each<[what: string, listener: RequestListener, message: RegExp]>([
    ["another program", answer(200, "<html>"), /is no Glovebox server .*Look at the address/],
    ["another program's JSON", answer(200, { ok: true }), /is no Glovebox server/],
    ["another program's error", answer(404, "not found"), /is no Glovebox server \(status 404\)/],
    ["a proxy without a server", answer(502, "bad gateway"), /is no Glovebox server/],
    ["an old server", answer(404, failure("NOT_FOUND", "no")), /is too old.*Update it/],
    ["an older protocol", answer(200, { ...offer, protocol: 0 }), /Update the server/],
    ["a newer protocol", answer(200, { ...offer, protocol: 2 }), /Update Glovebox to 9\.9\.9/],
    [
      "one that wants a key",
      answer(401, failure("UNAUTHENTICATED", "a key, please.")),
      /wants one: a key, please\. Set GLOVEBOX_KEY/,
    ],
    [
      "one that does not let us in",
      answer(403, failure("NOT_ALLOWED", "not you.")),
      /does not let you in: not you\. Ask its operator/,
    ],
    [
      "a redirect",
      answer(301, "", { location: "https://elsewhere.example/" }),
      /sends us to `https:\/\/elsewhere/,
    ],
    ["one that hangs up", (request) => request.socket.destroy(), /it hangs up/],
  ])("%s", async (_what, listener, message) => {
    const { url } = await listen(listener);
    const created = createRemoteProvider({ url, key: "k" });
    await expect(created).rejects.toMatchObject({
      code: "PROVIDER_UNAVAILABLE",
      message: expect.stringMatching(message) as string,
      details: { provider: "remote" },
    });
  });

  test("an address that goes on to /v1", async () => {
    const { url } = await listen(answer(404, failure("NOT_FOUND", "no")));
    await expect(createRemoteProvider({ url: `${url}/v1/` })).rejects.toThrow(
      /no Glovebox server below .*\/v1\. Write the address without \/v1/,
    );
  });

  test.each<[url: string, code: string, message: RegExp]>([
    ["http://127.0.0.1:1", "PROVIDER_UNAVAILABLE", /nobody listens there.*glovebox serve/],
    ["ftp://localhost", "INVALID_REQUEST", /is no address/],
    ["localhost:8000", "INVALID_REQUEST", /is no address/],
    ["", "INVALID_REQUEST", /is no address/],
    ["http://user:secret@localhost", "INVALID_REQUEST", /has no place in it/],
    ["http://localhost/?key=1", "INVALID_REQUEST", /nothing may follow/],
  ])("%j", async (url, code, message) => {
    const created = createRemoteProvider({ url });
    await expect(created).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  test("TLS where there is none", async () => {
    const { url } = await listen(answer(200, offer));
    await expect(createRemoteProvider({ url: url.replace("http", "https") })).rejects.toMatchObject(
      {
        code: "PROVIDER_UNAVAILABLE",
        message: expect.stringContaining("NODE_EXTRA_CA_CERTS") as string,
      },
    );
  });

  test.each<[what: string, key: string]>([
    ["two words", "a b"],
    ["another header", "a\r\nx: y"],
    ["another alphabet", "ü"],
    ["nothing", ""],
    ["2,000 characters", "x".repeat(2000)],
  ])("a key of %s is none", async (_what, key) => {
    const created = createRemoteProvider({ url: "http://localhost", key });
    await expect(created).rejects.toMatchObject({ code: "INVALID_REQUEST" });
  });

  test("an answer without end is not read to it", async () => {
    const { url } = await listen((_request, response) => {
      const more = (): void => {
        if (response.write("x".repeat(65_536))) setImmediate(more);
        else response.once("drain", more);
      };
      more();
    });
    await expect(createRemoteProvider({ url })).rejects.toMatchObject({
      code: "PROVIDER_UNAVAILABLE",
    });
  });
});

test("the key goes along in a header, never in an address, and below the path of the address", async () => {
  const seen: IncomingMessage[] = [];
  const { url } = await listen((request, response) => {
    seen.push(request);
    answer(200, offer)(request, response);
  });
  const provider = await createRemoteProvider({ url: `${url}/below/`, key: "my-key" });
  expect([provider.name, provider.programs]).toEqual(["remote", "remote"]);
  expect(seen.map((request) => [request.url, request.headers.authorization])).toEqual([
    ["/below/v1/sandbox", "Bearer my-key"],
  ]);
});

const never = new AbortController().signal;
const spec: SandboxSpec = {
  policy: { network: { mode: "none" }, workspace: { kind: "scratch" } },
  limits: { memoryBytes: 2 ** 28, processes: 8, diskBytes: 2 ** 20, openFiles: 16 },
  files: [],
  hostPrograms: [],
  enforcement: "strict",
};
const command: Command = {
  argv: ["true"],
  env: {},
  cwd: "/workspace",
  stdin: "empty",
  limits: { wallTimeMs: 1000, cpuTimeMs: 1000, outputBytes: "unlimited" },
  onOutputLimit: "truncate",
  onOutput: () => undefined,
};
const created = {
  type: "created",
  id: "1",
  enforcement: Object.fromEntries(
    controls.map((control) => [snakeCase(control), { level: "enforced", by: "x", note: "" }]),
  ),
  limits: { wall_time_ms: 5000, cpu_time_ms: 6000, output_bytes: 7000 },
};
const execution = {
  outcome: { kind: "exited", exit_code: 0 },
  usage: { wall_ms: 1 },
  dropped_bytes: { stdout: 0, stderr: 0 },
};

type Heard = { readonly type: string } & Readonly<Record<string, unknown>>;

/** A server that makes a sandbox, and then does what `react` says. */
async function serverThat(react: (message: Heard, socket: WebSocket) => void): Promise<string> {
  const { server, url } = await listen(answer(200, offer));
  new WebSocketServer({ server }).on("connection", (socket) => {
    socket.on("error", () => undefined);
    socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) return;
      const message = JSON.parse(data.toString()) as Heard;
      if (message.type === "start") socket.send(JSON.stringify(created));
      else if (message.type === "destroy") socket.close(1000);
      else react(message, socket);
    });
  });
  return url;
}

const text = (message: object): string => JSON.stringify(message);

describe("a server that can't be trusted", () => {
  const ofOutput = (turn: number): Buffer =>
    encodeFrame({ kind: "stdout", turn, bytes: Buffer.alloc(65_536) });
  test.each<[what: string, data: readonly (string | Buffer)[]]>([
    ["garbage", ["hello"]],
    ["a message of no known type", [text({ type: "run", argv: ["sh"] })]],
    ["a second sandbox", [text({ ...created, type: "collected", turn: 1, is_complete: true })]],
    [
      "files that nobody asked for",
      [text({ type: "file", turn: 1, path: "x", executable: false, bytes: 1 })],
    ],
    ["more output than was granted", Array.from({ length: 6 }, () => ofOutput(1))],
    [
      "a grant of input that was not sent",
      [text({ type: "taken", turn: 1, stream: "stdin", bytes: 9 })],
    ],
    [
      "a signal with escape codes",
      [
        text({
          type: "ended",
          turn: 1,
          execution: { ...execution, outcome: { kind: "signaled", signal: "\u001b[2J" } },
        }),
      ],
    ],
    ["2 MiB in one message", [`"${"x".repeat(2 ** 21)}"`]],
  ])("%s ends the sandbox", async (_what, data) => {
    const url = await serverThat(({ type }, socket) => {
      if (type === "exec") for (const each of data) socket.send(each);
    });
    const provider = await createRemoteProvider({ url });
    const sandbox = await provider.create(spec, never);
    const onOutput = () => new Promise<void>(() => undefined);
    const running = sandbox.exec({ ...command, onOutput }, never);
    await expect(running).rejects.toMatchObject({ code: "SANDBOX_FAILED" });
    await expect(sandbox.exec(command, never)).rejects.toMatchObject({ code: "SANDBOX_FAILED" });
    await sandbox.destroy();
  });

  const fileOf = (path: string, bytes = 0): string =>
    text({ type: "file", turn: 1, path, executable: false, bytes });
  const complete = text({ type: "collected", turn: 1, is_complete: true });
  test.each<[what: string, data: readonly (string | Buffer)[]]>([
    ["a path out of the workspace", [fileOf("../../.bashrc"), complete]],
    ["an absolute path", [fileOf("/etc/passwd"), complete]],
    ["a path with a control character", [fileOf("a\u001b[2J"), complete]],
    ["the same path twice", [fileOf("a"), fileOf("a"), complete]],
    ["more files than were asked for", [fileOf("a"), fileOf("b"), fileOf("c"), complete]],
    ["more bytes than were asked for", [fileOf("a", 101), complete]],
    ["an end in the middle", [fileOf("a", 100), complete]],
  ])("%s is not collected", async (_what, data) => {
    const url = await serverThat(({ type }, socket) => {
      if (type === "collect") for (const each of data) socket.send(each);
    });
    const sandbox = await (await createRemoteProvider({ url })).create(spec, never);
    const collecting = sandbox.collect({ paths: ["."], maxFiles: 2, maxBytes: 100 }, never);
    await expect(collecting).rejects.toMatchObject({ code: "SANDBOX_FAILED" });
    await sandbox.destroy();
  });
});

test("no limit means the server's largest", async () => {
  const heard: Heard[] = [];
  const url = await serverThat((message, socket) => {
    heard.push(message);
    if (message.type === "exec") socket.send(text({ type: "ended", turn: 1, execution }));
  });
  const sandbox = await (await createRemoteProvider({ url })).create(spec, never);
  const limits = { wallTimeMs: "unlimited", cpuTimeMs: 10, outputBytes: "unlimited" } as const;
  const { outcome } = await sandbox.exec({ ...command, limits }, never);
  expect(outcome).toEqual({ kind: "exited", exitCode: 0 });
  expect(heard.at(-1)).toMatchObject({
    command: { limits: { wall_time_ms: 5000, cpu_time_ms: 10, output_bytes: 7000 } },
  });
  await sandbox.destroy();
});

test("a server's refusals keep their codes", async () => {
  const error = { code: "CAPACITY_EXHAUSTED", message: "full", details: { limit: 3 } };
  const { server, url } = await listen(answer(200, offer));
  new WebSocketServer({ server }).on("connection", (socket) => {
    socket.once("message", () => socket.send(text({ type: "failed", turn: 0, error })));
  });
  const provider = await createRemoteProvider({ url });
  await expect(provider.create(spec, never)).rejects.toMatchObject(error);
});

test("a server that was replaced by another program is no server", async () => {
  const { server, url } = await listen(answer(200, offer));
  const provider = await createRemoteProvider({ url });
  server.on("upgrade", (_request, socket) => socket.end("HTTP/1.1 404 Not Found\r\n\r\nno"));
  await expect(provider.create(spec, never)).rejects.toMatchObject({
    code: "PROVIDER_UNAVAILABLE",
    message: expect.stringContaining("is no Glovebox server") as string,
  });
});

test("nothing of this machine's folders and programs is sent", async () => {
  const { url } = await listen(answer(200, offer));
  const provider = await createRemoteProvider({ url });
  const workspace = { kind: "mount", hostPath: "/home/me", access: "ro" } as const;
  const mounted = { ...spec, policy: { ...spec.policy, workspace } };
  const lent = { ...spec, hostPrograms: [{ hostPath: "/usr/bin/x", path: "/opt/x" }] };
  for (const each of [mounted, lent]) {
    await expect(provider.create(each, never)).rejects.toMatchObject({ code: "NOT_ALLOWED" });
  }
});

test("an abort ends the wait for a sandbox", async () => {
  const { server, url } = await listen(answer(200, offer));
  const controller = new AbortController();
  new WebSocketServer({ server }).on("connection", (socket) => {
    socket.once("message", () => controller.abort(new Error("enough")));
  });
  const provider = await createRemoteProvider({ url });
  await expect(provider.create(spec, controller.signal)).rejects.toThrow("enough");
});
