/**
 * @module
 * Inputs of test cases that isobox's clients keep elsewhere: the server fetches them.
 */
import type { FastifyRequest } from "fastify";
import { sendOutbound } from "../../../util/outbound-request.ts";
import { showText } from "../../../util/show-value.ts";
import type { ServerContext } from "../../server-options.ts";
import type { TestCase } from "./isobox-schemas.ts";

/** Of one input. */
const MAX_INPUT_BYTES = 2 ** 20;

export interface NamedUrl {
  readonly name: string;
  readonly url: string;
}

export type Downloaded =
  | { readonly ok: true; readonly cases: readonly TestCase[] }
  | { readonly ok: false; readonly message: string };

/**
 * One after the other, all in the time that a request may take to arrive. Their bytes count with those
 * of the body.
 *
 * @throws {GloveboxError} `CAPACITY_EXHAUSTED`
 */
export async function downloadCases(
  { config }: ServerContext,
  { bodyShare }: FastifyRequest,
  urls: readonly NamedUrl[],
  signal: AbortSignal,
): Promise<Downloaded> {
  const deadline = AbortSignal.timeout(config.server.requestTimeoutMs);
  const own = AbortSignal.any([signal, deadline]);
  // For the one that is on its way.
  bodyShare.take(MAX_INPUT_BYTES);
  const cases: TestCase[] = [];
  for (const { name, url } of urls) {
    const input = await download(url, config.callbacks, own).catch(asError);
    if (input instanceof Error) {
      const message = `Failed to download ${showText(url)}: ${showText(input.message)}`;
      return { ok: false, message };
    }
    bodyShare.take(input.byteLength);
    cases.push({ name, input: input.toString("utf8") });
  }
  return { ok: true, cases };
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error("it was aborted");

async function download(
  text: string,
  { timeoutMs, allowPrivate }: ServerContext["config"]["callbacks"],
  signal: AbortSignal,
): Promise<Buffer> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:")
    throw new Error("it is no address that begins with http:// or https://");
  const request = { url, method: "GET", timeoutMs, maxAnswerBytes: MAX_INPUT_BYTES } as const;
  const { status, body } = await sendOutbound({ ...request, allowPrivate }, signal);
  if (status < 200 || status > 299) throw new Error(`the answer has the status ${status}`);
  return body;
}
