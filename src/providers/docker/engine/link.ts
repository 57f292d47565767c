/**
 * @module
 * What all calls to one daemon share: its connections, the version of the API, and what a failure
 * means.
 */
import * as http from "node:http";
import * as https from "node:https";
import { Readable } from "node:stream";
import { GloveboxError } from "../../../core/errors.ts";
import { chooseApiVersion } from "./api-version.ts";
import type { Endpoint } from "./endpoint.ts";
import { EngineError, failure, refusal, unavailable } from "./errors.ts";
import {
  BodyError,
  exchange,
  readBody,
  startDeadline,
  waitUnless,
  type Answer,
  type Call,
  type Deadline,
} from "./exchange.ts";

export interface Link {
  /**
   * Sends a call, under a path without version.
   *
   * @throws {EngineError} for a status of failure.
   */
  send(call: Call, deadline: Deadline): Promise<Answer>;
  /** What the caller shall see of an error. `outer` is the caller's own signal. */
  explain(error: unknown, deadline: Deadline, outer: AbortSignal | undefined): unknown;
  close(): void;
}

const NEGOTIATION_TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const MAX_FREE_SOCKETS = 8;

export function openLink(endpoint: Endpoint): Link {
  const { Agent } = endpoint.isSecure ? https : http;
  // The agent's idle sockets do not keep the process alive.
  const agent = new Agent({ keepAlive: true, maxFreeSockets: MAX_FREE_SOCKETS });
  let version: Promise<string> | undefined;

  const agreedVersion = (): Promise<string> =>
    (version ??= negotiate(endpoint, agent).catch((error: unknown) => {
      version = undefined;
      throw error;
    }));

  async function send(call: Call, { signal }: Deadline): Promise<Answer> {
    const prefix = await waitUnless(signal, agreedVersion());
    const versioned = { ...call, path: `/v${prefix}${call.path}` };
    const answer = await sendAgainIfStale(endpoint, agent, versioned, signal);
    const { statusCode: status = 0 } = answer.response;
    // 304 says that nothing was left to do: the container runs, or has stopped, already.
    if (status < 300 || status === 304) return answer;
    throw refusal(status, await readBody(answer.response, MAX_ANSWER_BYTES));
  }

  return {
    send: async (call, deadline) => {
      try {
        return await send(call, deadline);
      } catch (error) {
        // The daemon may have said no before it had everything.
        if (call.body?.content instanceof Readable) call.body.content.destroy();
        throw error;
      }
    },
    explain: (error, deadline, outer) => {
      if (outer?.aborted === true) return outer.reason as unknown;
      if (error instanceof EngineError || error instanceof GloveboxError) return error;
      if (error instanceof BodyError) return error.cause;
      // The daemon may come back as another version.
      version = undefined;
      return unavailable(endpoint, deadline.signal.aborted ? deadline.signal.reason : error);
    },
    close: () => {
      agent.destroy();
    },
  };
}

async function negotiate(endpoint: Endpoint, agent: http.Agent): Promise<string> {
  const deadline = startDeadline(NEGOTIATION_TIMEOUT_MS, undefined);
  try {
    const call = { method: "GET", path: "/version" };
    const { response } = await sendAgainIfStale(endpoint, agent, call, deadline.signal);
    return chooseApiVersion(endpoint, await jsonOf(response));
  } catch (error) {
    throw deadline.signal.aborted ? deadline.signal.reason : error;
  } finally {
    deadline.release();
  }
}

/** A daemon that was started anew has closed our idle connections; reading twice does no harm. */
async function sendAgainIfStale(
  endpoint: Endpoint,
  agent: http.Agent,
  call: Call,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    return await exchange(endpoint, agent, call, signal);
  } catch (error) {
    if (call.method !== "GET" || !isStale(error)) throw error;
    return await exchange(endpoint, agent, call, signal);
  }
}

const isStale = (error: unknown): boolean => (error as { code?: string }).code === "STALE";

/** The JSON of an answer; undefined where it is empty, or Podman's single end of line. */
export async function jsonOf(response: http.IncomingMessage): Promise<unknown> {
  const text = (await readBody(response, MAX_ANSWER_BYTES)).toString();
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw failure("NOT_JSON", "its answer is not JSON");
  }
}
