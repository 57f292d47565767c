/**
 * @module
 * A client of a server that is measured: it keeps its connections, and waits no longer than it must.
 */
import { once } from "node:events";
import { Agent, request } from "node:http";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";

const ANSWER_TIMEOUT_MS = 120_000;
/** Of one request for a batch. */
const BATCH = 100;

export interface Accepted {
  readonly id: string;
  readonly created_at: string;
}

export interface ExecutionJson extends Accepted {
  readonly state: string;
  readonly attempts: number;
  readonly started_at: string | null;
  readonly result?: ExecuteJson;
}

export interface ExecuteJson {
  readonly run: { readonly stdout: string; readonly exit_code: number | null };
}

export interface ServiceClient extends Disposable {
  /** @throws {Error} For another status than `status`. */
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: object, status: number): Promise<T>;
  /** As many as are wanted, all with the same body. */
  submitMany(body: object, count: number): Promise<readonly Accepted[]>;
}

/** @param headers Sent with each request: a key. */
export function createClient(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): ServiceClient {
  const agent = new Agent({ keepAlive: true });
  const ask = async <T>(method: string, path: string, body: string, status: number): Promise<T> => {
    const type = body === "" ? {} : { "content-type": "application/json" };
    const sent = request(`${url}${path}`, {
      method,
      agent,
      headers: { ...type, ...headers, "content-length": Buffer.byteLength(body) },
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    sent.end(body);
    const [response] = (await once(sent, "response")) as [Readable & { statusCode: number }];
    const answer = await text(response);
    if (response.statusCode === status) return parse(answer) as T;
    throw new Error(
      `${method} ${path} was answered ${response.statusCode}: ${answer.slice(0, 500)}`,
    );
  };
  const post = <T>(path: string, body: object, status: number): Promise<T> =>
    ask<T>("POST", path, JSON.stringify(body), status);
  return {
    get: (path) => ask("GET", path, "", 200),
    post,
    submitMany: async (body, count) => {
      const accepted: Accepted[] = [];
      while (accepted.length < count) {
        const executions = new Array(Math.min(BATCH, count - accepted.length)).fill(body);
        const answer = await post<{ executions: Accepted[] }>(
          "/v1/executions/batch",
          { executions },
          202,
        );
        accepted.push(...answer.executions);
      }
      return accepted;
    },
    [Symbol.dispose]: () => {
      agent.destroy();
    },
  };
}

/** Metrics are no JSON. */
function parse(answer: string): unknown {
  return answer.startsWith("{") ? (JSON.parse(answer) as unknown) : answer;
}
