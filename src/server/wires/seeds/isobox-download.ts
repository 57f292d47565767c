/**
 * @module
 * Inputs of test cases that isobox's clients keep elsewhere: the server fetches them, each when its case
 * may run.
 */
import type { FastifyRequest } from "fastify";
import { sendOutbound } from "../../../util/outbound-request.ts";
import { showText } from "../../../util/show-value.ts";
import type { ServerContext } from "../../server-options.ts";
import { PARALLEL_CASES } from "./isobox-cases.ts";
import type { TestCase } from "./isobox-schemas.ts";

/** Of one input. */
const MAX_INPUT_BYTES = 2 ** 20;

/** An input that could not be had; its message is for people. */
export class DownloadFault extends Error {}

/**
 * @returns Fetches the input of a case whose `input` is an address. Their bytes count with those of the
 * body. Throws {GloveboxError} `CAPACITY_EXHAUSTED` and {DownloadFault}.
 * @throws {GloveboxError} `CAPACITY_EXHAUSTED`
 */
export function createDownload(
  { config: { callbacks } }: ServerContext,
  { bodyShare }: FastifyRequest,
): (testCase: TestCase, signal: AbortSignal) => Promise<TestCase> {
  // For those that are on their way.
  bodyShare.take(PARALLEL_CASES * MAX_INPUT_BYTES);
  return async ({ name, input: url }, signal) => {
    const input = await download(url, callbacks, signal).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : "it was aborted";
      throw new DownloadFault(`Failed to download ${showText(url)}: ${showText(reason)}`);
    });
    bodyShare.take(input.byteLength);
    return { name, input: input.toString("utf8") };
  };
}

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
