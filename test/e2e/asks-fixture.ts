/**
 * @module
 * A server whose executions ask, programs that do, and who answers.
 */
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { expect } from "vitest";
import type { Ask } from "../../src/client/ask-types.ts";
import { serveCli, type ServingCli } from "./cli-fixture.ts";

/** A service of this machine, which a program would have to be let to. */
export interface Upstream extends AsyncDisposable {
  readonly port: number;
  /** Connections that came to it. */
  readonly count: () => number;
}

export async function startUpstream(): Promise<Upstream> {
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections += 1;
    socket.on("error", () => undefined).end("hello\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    count: () => connections,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, "close");
    },
  };
}

/** Bash that connects, and prints what comes; `no` where it may not. */
export const connecting = (host: string, port: number): string =>
  `{ cat < /dev/tcp/${host}/${port}; } 2>/dev/null || echo no\n`;

export const toUpstream = ({ port }: Upstream, times = 1): string =>
  connecting("host.internal", port).repeat(times);

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

export interface AskingServer {
  readonly serving: ServingCli;
  readonly url: string;
  readonly call: (method: string, path: string, body?: unknown, key?: string) => Promise<Reply>;
  /** Runs code that asks, to its end. */
  readonly execute: (code: string, more?: object) => Promise<Reply>;
  /** Accepts code that asks. @returns Its id. */
  readonly submit: (code: string, more?: object, key?: string) => Promise<string>;
  /** Waits for the next open question, of this execution or of any. */
  readonly nextAsk: (executionId?: string, key?: string) => Promise<Ask>;
  readonly answer: (ask: Pick<Ask, "id">, body: object, key?: string) => Promise<Reply>;
  /** Waits for the end of an execution. */
  readonly ended: (id: string, key?: string) => Promise<Record<string, unknown>>;
}

export async function serveAsking(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<AskingServer> {
  const serving = await serveCli(["--provider", "linux", ...args], {
    timeoutMs: 180_000,
    env: { GLOVEBOX_NETWORK_ALLOWED: "none,ask", GLOVEBOX_LOG_LEVEL: "warn", ...env },
  });
  const { url } = serving;
  const call: AskingServer["call"] = async (method, path, body, key) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  };
  const asking = { language: "bash", network: "ask" };
  return {
    ...{ serving, url, call },
    execute: (code, more) => call("POST", "/v1/execute", { ...asking, code, ...more }),
    submit: async (code, more, key) => {
      const { status, body } = await call(
        "POST",
        "/v1/executions",
        { ...asking, code, ...more },
        key,
      );
      expect({ status, body }).toMatchObject({ status: 202 });
      return (body as { id: string }).id;
    },
    nextAsk: async (id, key) => {
      const path = id === undefined ? "/v1/asks" : `/v1/executions/${id}/asks`;
      const look = async (): Promise<Ask | undefined> =>
        ((await call("GET", path, undefined, key)).body as { asks: Ask[] }).asks[0];
      await expect.poll(look, { timeout: 15_000 }).toBeDefined();
      return (await look()) as Ask;
    },
    answer: ({ id }, body, key) => call("POST", `/v1/asks/${id}`, body, key),
    ended: async (id, key) => {
      const { body } = await call("GET", `/v1/executions/${id}?wait=30`, undefined, key);
      return body as Record<string, unknown>;
    },
  };
}
