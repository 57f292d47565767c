import { once, type EventEmitter } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Subject } from "../core/permission.ts";
import { createAskDesk, type DeskEvent } from "./ask-desk.ts";
import { connectBroker, type BrokerAsker } from "./broker-asker.ts";
import { showQuestion } from "./shown-question.ts";

const github: Subject = { kind: "net", protocol: "tcp", host: "api.github.com", port: 443 };
const process = { pid: 7, name: "curl", executable: "/usr/bin/curl" };
const question = () => showQuestion({ subject: github, process }, "/home/u", {});
const yes = { isAllowed: true, scope: "run" } as const;
const never = (): AbortSignal => new AbortController().signal;

describe("a desk", () => {
  test("the first answer counts, and all hear of it", async () => {
    const desk = createAskDesk();
    const events: DeskEvent["kind"][] = [];
    const stop = desk.subscribe(({ kind }) => events.push(kind));
    const asked = question();
    const answer = desk.asker.ask(asked, never());
    expect(desk.open()).toEqual([asked]);
    expect(desk.answer(asked.id, yes)).toBe("ok");
    expect(desk.answer(asked.id, { ...yes, isAllowed: false })).toBe("already");
    expect(desk.answer("other", yes)).toBe("gone");
    expect(await answer).toEqual({ ...yes, by: "api" });
    stop();
    void desk.asker.ask(question(), never());
    expect(events).toEqual(["ask", "answered"]);
  });

  test("an answer after the withdrawal is gone", async () => {
    const desk = createAskDesk();
    const events: DeskEvent["kind"][] = [];
    desk.subscribe(({ kind }) => events.push(kind));
    const asked = question();
    const withdrawal = new AbortController();
    const answer = desk.asker.ask(asked, withdrawal.signal);
    withdrawal.abort();
    await expect(answer).rejects.toThrow();
    expect([desk.answer(asked.id, yes), desk.open().length]).toEqual(["gone", 0]);
    expect(events).toEqual(["ask", "withdrawn"]);
  });

  test("nobody can guess the id of a question", () => {
    const ids = new Set(Array.from({ length: 100 }, () => question().id));
    expect(ids.size).toBe(100);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("a broker", () => {
  let folder: string;
  let server: Server;
  let path: string;
  /** What the broker does with a line. */
  let onLine: (line: string, socket: Socket) => void;
  let asker: BrokerAsker | undefined;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "glovebox-broker-"));
    path = join(folder, "s");
    onLine = () => undefined;
    server = createServer((socket) => {
      socket.on("error", () => undefined);
      const lines = createInterface(socket).on("line", (line) => {
        onLine(line, socket);
      });
      // Of the other side's hanging up the interface hears too.
      (lines as EventEmitter).on("error", () => undefined);
    }).listen(path);
    await once(server, "listening");
  });
  afterEach(() => {
    asker?.[Symbol.dispose]();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const connect = async (): Promise<BrokerAsker> =>
    (asker = await connectBroker({ socketPath: path }));

  test("gets a line, and answers with one", async () => {
    const lines: unknown[] = [];
    onLine = (line, socket) => {
      const { id } = JSON.parse(line) as { id: number };
      lines.push(JSON.parse(line));
      const answer = id === 1 ? { id, result: "allow" } : { id, result: "deny", scope: "always" };
      socket.write(`${JSON.stringify(answer)}\n`);
    };
    const broker = await connect();
    expect(await broker.ask(question(), never())).toEqual({
      ...{ isAllowed: true, scope: "once", by: "broker" },
    });
    expect(await broker.ask(question(), never())).toMatchObject({
      ...{ isAllowed: false, scope: "always" },
    });
    expect(lines[0]).toEqual({
      ...{ v: 1, pid: 7, id: 1, permission: "net", value: "api.github.com:443", protocol: "tcp" },
      ...{ name: "curl", executable: "/usr/bin/curl" },
      datetime: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    });
  });

  test.each([
    ["not JSON\n"],
    ["{}\n"],
    ['{"id":99,"result":"allow"}\n'],
    ['{"id":1,"result":"yes"}\n'],
    ['{"id":1,"result":"allow","more":1}\n'],
    ['{"id":"1","result":"allow"}\n'],
    ["\n"],
    ["x".repeat(70_000)],
  ])("that says %j is gone, and all is denied", async (text) => {
    onLine = (_line, socket) => socket.write(text);
    const broker = await connect();
    const both = [broker.ask(question(), never()), broker.ask(question(), never())];
    for (const asked of both) await expect(asked).rejects.toThrow(/broker is gone/);
    await expect(broker.ask(question(), never())).rejects.toThrow(/broker is gone/);
  });

  test("that hangs up is gone", async () => {
    onLine = (_line, socket) => socket.destroy();
    const broker = await connect();
    await expect(broker.ask(question(), never())).rejects.toThrow(/broker is gone/);
  });

  test("may answer what was withdrawn, and order is its own", async () => {
    const sockets: Socket[] = [];
    let count = 0;
    onLine = (_line, socket) => {
      sockets.push(socket);
      count += 1;
      if (count < 3) return;
      for (const id of [1, 3, 2]) socket.write(`{"id":${id},"result":"allow"}\n`);
    };
    const broker = await connect();
    const withdrawal = new AbortController();
    const first = broker.ask(question(), withdrawal.signal);
    const others = [broker.ask(question(), never()), broker.ask(question(), never())];
    withdrawal.abort();
    await expect(first).rejects.toThrow();
    expect(await Promise.all(others)).toHaveLength(2);
  });

  test("that is not there is told so", async () => {
    const missing = join(folder, "none");
    await expect(connectBroker({ socketPath: missing })).rejects.toThrow(
      /broker at .*none can't be reached: connect ENOENT/,
    );
  });
});
