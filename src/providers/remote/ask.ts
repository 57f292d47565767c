/**
 * @module
 * Plain requests to the server: what it is, and what holds there.
 */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { z } from "zod";
import type { Endpoint } from "./endpoint.ts";
import { answerFailure, connectionFailure, notGlovebox } from "./failures.ts";

/** The first probe of a server builds a sandbox. */
const ANSWER_TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * GET, without following anything: a key is for the server that was named.
 *
 * @throws {GloveboxError} `PROVIDER_UNAVAILABLE`, or what the server says itself.
 */
export async function ask<T>(endpoint: Endpoint, path: string, schema: z.ZodType<T>): Promise<T> {
  const response = await get(endpoint, path).catch((error: unknown) => {
    throw connectionFailure(endpoint, error);
  });
  const body = await readAnswer(response).catch((error: unknown) => {
    throw connectionFailure(endpoint, error);
  });
  const { statusCode: status = 0, headers } = response;
  if (status !== 200) {
    throw answerFailure(endpoint, { status, location: headers.location, body });
  }
  const parsed = schema.safeParse(parseJson(body));
  if (!parsed.success) throw notGlovebox(endpoint.shown, "its answer has another form");
  return parsed.data;
}

function get({ urlOf, headers }: Endpoint, path: string): Promise<IncomingMessage> {
  const url = urlOf(path);
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  return new Promise((resolve, reject) => {
    // Without an agent: nothing stays open that would keep this process from its end.
    send(url, { agent: false, headers, signal })
      .on("response", resolve)
      .on("error", (error) => {
        reject(signal.aborted ? timedOut() : error);
      })
      .end();
  });
}

/** The beginning of it; who sends more is hung up on. */
export async function readAnswer(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}

function timedOut(): Error {
  const text = `no answer in ${ANSWER_TIMEOUT_MS / 1000} s`;
  return Object.assign(new Error(text), { code: "ETIMEDOUT" });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
