/**
 * @module
 * Executions that ask over HTTP, and who answers.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipUnless } from "../helpers/require.ts";
import {
  connecting,
  serveAsking,
  startUpstream,
  toUpstream,
  type AskingServer,
  type Upstream,
} from "./asks-fixture.ts";
import { linuxGap, temporaryFolder } from "./cli-fixture.ts";

const gap = skipUnless("linux", linuxGap());
const folder = temporaryFolder();
afterAll(() => {
  folder.remove();
});

describe.skipIf(gap !== undefined)(`an execution that asks${gap ? ` (${gap})` : ""}`, () => {
  const home = join(folder.path, "home");
  const audit = join(folder.path, "audit.jsonl");
  let server: AskingServer;
  let upstream: Upstream;
  let pistonPort: number;
  beforeAll(async () => {
    mkdirSync(join(home, ".aws"), { recursive: true, mode: 0o755 });
    writeFileSync(join(home, ".aws/credentials"), "secret\n");
    writeFileSync(join(home, ".netrc"), "denied\n");
    upstream = await startUpstream();
    const free = await startUpstream();
    pistonPort = free.port;
    await free[Symbol.asyncDispose]();
    server = await serveAsking([], {
      HOME: home,
      XDG_STATE_HOME: join(folder.path, "state"),
      GLOVEBOX_PERMISSIONS_FILES: "ask",
      GLOVEBOX_PERMISSIONS_ASK_TIMEOUT: "4s",
      GLOVEBOX_PERMISSIONS_ALWAYS: "true",
      GLOVEBOX_PERMISSIONS_DENY: "net denied.example.com, read ~/.netrc".replace(", ", ","),
      GLOVEBOX_AUDIT_FILE: audit,
      GLOVEBOX_CONCURRENCY: "4",
      GLOVEBOX_PISTON_PORT: String(pistonPort),
    });
  });
  afterAll(async () => {
    const { exitCode } = await server.serving.stop();
    expect(exitCode).toBe(0);
    await upstream[Symbol.asyncDispose]();
  });

  const outputOf = (result: unknown): unknown =>
    (result as { run?: { stdout?: string } } | undefined)?.run?.stdout;

  test("waits until it is allowed, and says what it waits for", async () => {
    const id = await server.submit(toUpstream(upstream));
    const ask = await server.nextAsk(id);
    expect(ask).toMatchObject({
      execution_id: id,
      subject: { kind: "net", protocol: "tcp", host: "host.internal", port: upstream.port },
      process: { name: "bash" },
      because: expect.stringContaining("this machine itself") as string,
      pattern: `host.internal:${upstream.port}`,
      folder: null,
    });
    expect(Date.parse(ask.expires_at) - Date.parse(ask.asked_at)).toBe(4000);
    const { body } = await server.call("GET", `/v1/executions/${id}`);
    expect(body).toMatchObject({ state: "running", waiting_for: [ask] });
    const overview = await server.call("GET", "/v1/admin/overview");
    expect(overview.body).toMatchObject({ asks_open: 1 });
    expect(await server.answer(ask, { answer: "allow" })).toEqual({
      status: 200,
      body: { id: ask.id, execution_id: id, answer: "allow", scope: "once" },
    });
    const ended = await server.ended(id);
    expect(ended).toMatchObject({
      state: "finished",
      result: {
        run: { stdout: "hello\n" },
        permissions: {
          omitted: 0,
          decisions: [
            {
              subject: ask.subject,
              decision: "allow",
              decided_by: { kind: "answer", by: "api", scope: "once" },
              count: 1,
            },
          ],
        },
      },
    });
    expect(ended).not.toHaveProperty("waiting_for");
  });

  test("is told no at once where it is denied, and is not asked again in this run", async () => {
    const before = upstream.count();
    const id = await server.submit(toUpstream(upstream, 3));
    await server.answer(await server.nextAsk(id), { answer: "deny" });
    const { result } = await server.ended(id);
    expect(outputOf(result)).toBe("no\nno\nno\n");
    expect(upstream.count()).toBe(before);
  });

  test.each([
    ["once", 2],
    ["run", 1],
  ] as const)("that is allowed for `%s` asks %i times for the same", async (scope, count) => {
    const running = server.execute(toUpstream(upstream, 2));
    const seen = new Set<string>();
    for (let index = 0; index < count; index++) {
      const ask = await server.nextAsk();
      seen.add(ask.id);
      expect(await server.answer(ask, { answer: "allow", scope })).toMatchObject({ status: 200 });
    }
    const { status, body } = await running;
    expect({ status, stdout: outputOf(body) }).toEqual({ status: 200, stdout: "hello\nhello\n" });
    expect(seen.size).toBe(count);
  });

  test("is told no when nobody answers in time", async () => {
    const { body } = await server.execute(toUpstream(upstream));
    expect(outputOf(body)).toBe("no\n");
    expect(body).toMatchObject({
      permissions: { decisions: [{ decision: "deny", decided_by: { kind: "timeout" } }] },
    });
  });

  test("takes the first of two answers", async () => {
    const id = await server.submit(toUpstream(upstream));
    const ask = await server.nextAsk(id);
    const answers = await Promise.all(
      ["allow", "deny", "allow"].map((answer) => server.answer(ask, { answer })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({
      error: { code: "CONFLICT" },
    });
    await server.ended(id);
    expect(await server.answer(ask, { answer: "allow" })).toMatchObject({ status: 409 });
  });

  test("that ends withdraws its question, which nobody can answer then", async () => {
    const connect = `exec 3<>/dev/tcp/host.internal/${upstream.port}`;
    const id = await server.submit(`(${connect}) & sleep 2; kill -9 $!; sleep 20`);
    const ask = await server.nextAsk(id);
    await expect
      .poll(async () => (await server.answer(ask, { answer: "deny", as: "*:1" })).status, {
        timeout: 5000,
      })
      .toBe(409);
    expect(await server.call("GET", `/v1/executions/${id}/asks`)).toEqual({
      status: 200,
      body: { asks: [] },
    });
    expect(await server.call("POST", `/v1/executions/${id}/cancel`)).toMatchObject({ status: 200 });
  });

  test("can be canceled while it asks", async () => {
    const id = await server.submit(toUpstream(upstream));
    const ask = await server.nextAsk(id);
    const { body } = await server.call("POST", `/v1/executions/${id}/cancel`);
    expect(body).toMatchObject({ state: "canceled" });
    expect(await server.answer(ask, { answer: "allow" })).toMatchObject({ status: 409 });
    expect(await server.call("GET", "/v1/asks")).toMatchObject({ body: { asks: [] } });
  });

  test("ends with its client, and so does its question", async () => {
    const gone = new AbortController();
    const running = fetch(`${server.url}/v1/execute`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ language: "bash", code: toUpstream(upstream), network: "ask" }),
      signal: gone.signal,
    }).catch(() => undefined);
    await server.nextAsk();
    gone.abort();
    await running;
    await expect
      .poll(async () => (await server.call("GET", "/v1/asks")).body)
      .toEqual({ asks: [] });
  });

  test("never reaches the server itself, whatever anybody answers", async () => {
    const { port } = new URL(server.url);
    const post = `POST /v1/asks/x HTTP/1.0\\r\\ncontent-length: 0\\r\\n\\r\\n`;
    const reach = (host: string): string =>
      `{ exec 3<>/dev/tcp/${host}/${port}; } 2>/dev/null && printf '${post}' >&3 && cat <&3 || echo no ${host}\n`;
    const running = server.execute(
      `${reach("host.internal")}${reach("127.0.0.2")}${toUpstream(upstream)}`,
    );
    // The first question is about something else.
    const ask = await server.nextAsk();
    expect(ask.subject).toMatchObject({ port: upstream.port });
    const all = { answer: "allow", scope: "run", as: "host.internal:*" };
    expect(await server.answer(ask, all)).toMatchObject({ status: 200 });
    const again = `${toUpstream(upstream)}${reach("host.internal")}`;
    expect(outputOf((await running).body)).toBe("no host.internal\nno 127.0.0.2\nhello\n");
    const second = server.execute(again);
    await server.answer(await server.nextAsk(), all);
    expect(outputOf((await second).body)).toBe("hello\nno host.internal\n");
  });

  test("never reaches a wire's own port, by any address of this machine", async () => {
    expect((await fetch(`http://127.0.0.1:${pistonPort}/health`)).status).toBe(200);
    const addresses = Object.values(networkInterfaces()).flatMap((all = []) => all);
    const [own = "127.0.0.2"] = addresses
      .filter(({ family, internal }) => family === "IPv4" && !internal)
      .map(({ address }) => address);
    const hosts = ["host.internal", own];
    const code = hosts.map((host) => connecting(host, pistonPort)).join("");
    const { body } = await server.execute(code);
    expect(outputOf(body)).toBe("no\nno\n");
    expect(body).toMatchObject({ permissions: { decisions: [] } });
  });

  test("leads no port of its own out to the server's machine", async () => {
    const code = `import socket, time
s = socket.create_server(("0.0.0.0", 0))
time.sleep(0.5)
print("still here")`;
    const { body } = await server.execute(code, { language: "python" });
    expect(body).toMatchObject({
      run: { stdout: "still here\n" },
      permissions: {
        decisions: [
          { subject: { kind: "forward" }, decision: "deny", decided_by: { kind: "rule" } },
        ],
      },
    });
  });

  test("is answered by no web page of others", async () => {
    const id = await server.submit(toUpstream(upstream));
    const ask = await server.nextAsk(id);
    const post = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${server.url}/v1/asks/${ask.id}`, {
        method: "POST",
        headers,
        body: JSON.stringify({ answer: "allow" }),
      });
    const json = "application/json";
    expect((await post({ "content-type": json, origin: "https://evil.example" })).status).toBe(403);
    expect((await post({ "content-type": "text/plain", origin: "null" })).status).toBe(403);
    expect(await server.answer(ask, { answer: "deny" })).toMatchObject({ status: 200 });
    await server.ended(id);
  });

  test("asks for a file of the server's user where it may, but not for those that are denied", async () => {
    const read = (path: string): string => `cat ${path} 2>/dev/null || echo no\n`;
    const files = { network: "none", host_files: "ask" };
    const code = `${read(`${home}/.aws/credentials`)}${read(`${home}/.netrc`)}${read("~/.aws/credentials")}`;
    const running = server.execute(code, files);
    const ask = await server.nextAsk();
    expect(ask).toMatchObject({
      subject: { kind: "read", path: `${home}/.aws/credentials` },
      meaning: "AWS access keys",
      pattern: "~/.aws/credentials",
      folder: "~/.aws/",
    });
    await server.answer(ask, { answer: "allow", scope: "run", as: ask.folder });
    const { body } = await running;
    expect(outputOf(body)).toBe("secret\nno\nsecret\n");
    expect(
      await server.execute(read(`${home}/.aws/credentials`), { network: "none" }),
    ).toMatchObject({ body: { run: { stdout: "no\n" } } });
  });

  test("keeps what was answered for `always`, where the operator allows it", async () => {
    await using other = await startUpstream();
    const running = server.execute(toUpstream(other));
    await server.answer(await server.nextAsk(), { answer: "allow", scope: "always" });
    expect(outputOf((await running).body)).toBe("hello\n");
    const { body } = await server.execute(toUpstream(other));
    expect(outputOf(body)).toBe("hello\n");
    expect(body).toMatchObject({
      permissions: { decisions: [{ decided_by: { kind: "rule", source: "api" } }] },
    });
  });

  test("is not asked about what the operator denies", async () => {
    const { body } = await server.execute(connecting("denied.example.com", 80));
    expect(body).toMatchObject({
      run: { stdout: "no\n" },
      permissions: {
        decisions: [
          { decided_by: { kind: "rule", id: "permissions.deny: net denied.example.com" } },
        ],
      },
    });
  });

  test("shows its questions as they come, to all who follow", async () => {
    const gone = new AbortController();
    const headers = { accept: "text/event-stream" };
    const stream = await fetch(`${server.url}/v1/asks`, { headers, signal: gone.signal });
    expect(stream.headers.get("content-type")).toContain("text/event-stream");
    const id = await server.submit(toUpstream(upstream));
    const ask = await server.nextAsk(id);
    const events = fetch(`${server.url}/v1/executions/${id}/events`).then((it) => it.text());
    const own = fetch(`${server.url}/v1/executions/${id}/asks`, { headers }).then((it) =>
      it.text(),
    );
    await server.answer(ask, { answer: "allow" });
    await server.ended(id);
    const texts = [await events, await own];
    gone.abort();
    for (const text of texts) {
      expect(text).toContain(`event: ask\ndata: {"ask":{"id":"${ask.id}"`);
      expect(text).toContain(`event: answered\ndata: {"id":"${ask.id}"`);
    }
    expect(texts[0]).toMatch(/event: state\ndata: .*"waiting_for":\[/);
    // A follower that went away is nothing to the next question.
    const next = await server.submit(toUpstream(upstream));
    await server.answer(await server.nextAsk(next), { answer: "deny" });
    expect(await server.ended(next)).toMatchObject({ state: "finished" });
  });

  test.each<[string, string, object, number, string]>([
    ["an id that was never", "nothing", { answer: "allow" }, 404, "ASK_NOT_FOUND"],
    ["no answer", "nothing", {}, 400, "INVALID_REQUEST"],
    ["an unknown scope", "nothing", { answer: "allow", scope: "ever" }, 400, "INVALID_REQUEST"],
    ["an unknown field", "nothing", { answer: "allow", by: "me" }, 400, "INVALID_REQUEST"],
  ])("refuses %s", async (_name, id, body, status, code) => {
    expect(await server.answer({ id }, body)).toMatchObject({ status, body: { error: { code } } });
  });

  test("refuses an answer about something else, and leaves the question open", async () => {
    const id = await server.submit(toUpstream(upstream));
    const ask = await server.nextAsk(id);
    for (const as of ["api.github.com:443", "not a host", "/etc/passwd"]) {
      expect(await server.answer(ask, { answer: "allow", as })).toMatchObject({ status: 400 });
    }
    expect(await server.answer(ask, { answer: "allow" })).toMatchObject({ status: 200 });
    expect(outputOf((await server.ended(id))["result"])).toBe("hello\n");
  });

  test("is in the audit log with who decided, and counted", async () => {
    const id = await server.submit(toUpstream(upstream));
    const ask = await server.nextAsk(id);
    await server.answer(ask, { answer: "allow", scope: "run" });
    await server.ended(id);
    const lines = (): Record<string, unknown>[] =>
      readFileSync(audit, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ execution_id }) => execution_id === id);
    await expect.poll(() => lines().length).toBe(3);
    const subject = `net tcp ${upstream.port} host.internal`;
    const of = { execution_id: id, caller: "anonymous", subject };
    expect(lines()).toMatchObject([
      { event: "answer", ...of, ask_id: ask.id, answer: "allow", scope: "run" },
      { event: "permission", ...of, decision: "allow", decided_by: "answer", detail: "run" },
      { event: "execution" },
    ]);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toMatch(/^glovebox_questions_total\{end="allowed"\} [1-9]/m);
    expect(metrics).toMatch(/^glovebox_questions_total\{end="timeout"\} 1$/m);
    expect(metrics).toMatch(/^glovebox_questions_open 0$/m);
  });
});
