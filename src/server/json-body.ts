/**
 * @module
 * Reads JSON bodies, within their bounds, and makes a value of them, or a clear refusal.
 */
import type { IncomingMessage } from "node:http";
import { TextDecoder } from "node:util";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { GloveboxError, invalidRequest } from "../core/errors.ts";
import { createByteCollector } from "../util/byte-collector.ts";
import { showText } from "../util/show-value.ts";
import { callerIdOf } from "./authenticate.ts";
import type { ByteBudget, ByteShare } from "./byte-budget.ts";
import { findJsonFault } from "./json-bounds.ts";

const EXPECTED = "application/json";

declare module "fastify" {
  interface FastifyRequest {
    /** Of the budget of all bodies; set before any body is read. */
    bodyShare: ByteShare;
  }
}

/** Takes JSON and nothing else: no form, no plain text, which a foreign web page could send unasked. */
export function acceptOnlyJson(app: FastifyInstance, budget: ByteBudget): void {
  app.decorateRequest("bodyShare", null as unknown as ByteShare);
  app.addHook("onRequest", async (request, reply) => {
    const share = budget.open(() => callerIdOf(request));
    request.bodyShare = share;
    // Whatever becomes of the request, its response closes.
    reply.raw.once("close", () => {
      share.close();
    });
    if (reply.raw.destroyed) share.close();
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(EXPECTED, async (request: FastifyRequest, payload: IncomingMessage) =>
    parseJson(await readBody(request, payload)),
  );
}

/**
 * Reads a body to its end. What comes after a refusal is read and thrown away: a client that still
 * sends would otherwise not see the answer.
 *
 * @throws {GloveboxError} `BODY_TOO_LARGE`, `CAPACITY_EXHAUSTED`, `UNSUPPORTED_MEDIA_TYPE` where it is
 * compressed, `INVALID_REQUEST` where it breaks off.
 */
export async function readBody(request: FastifyRequest, payload: IncomingMessage): Promise<Buffer> {
  refuseCompressed(request);
  const maxBytes = request.routeOptions.bodyLimit;
  const body = createByteCollector();
  try {
    if (Number(payload.headers["content-length"] ?? 0) > maxBytes) throw bodyTooLarge(maxBytes);
    const whole = takeArrived(payload, maxBytes);
    if (whole !== undefined) {
      request.bodyShare.take(whole.byteLength);
      return whole;
    }
    await eachPiece(payload, (piece) => {
      if (body.byteLength + piece.byteLength > maxBytes) throw bodyTooLarge(maxBytes);
      request.bodyShare.take(piece.byteLength);
      body.add(piece);
    });
    return body.take();
  } catch (error) {
    payload.resume();
    if (payload.errored !== null) throw invalidRequest("body", "did not arrive as a whole");
    throw error;
  }
}

/** An iterator would do, at several times the cost: of each request, and most come in one piece. */
function eachPiece(payload: IncomingMessage, take: (piece: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      payload.off("data", onData).off("end", onEnd).off("error", fail).off("close", onClose);
      // A late error is nobody's any more, and without a listener it would end this process.
      payload.on("error", () => undefined);
    };
    const fail = (error: Error): void => {
      stop();
      reject(error);
    };
    const onData = (piece: Buffer): void => {
      try {
        take(piece);
      } catch (error) {
        fail(error as Error);
      }
    };
    const onEnd = (): void => {
      stop();
      resolve();
    };
    const onClose = (): void => {
      fail(payload.errored ?? invalidRequest("body", "did not arrive as a whole"));
    };
    if (payload.destroyed) onClose();
    else payload.on("error", fail).on("close", onClose).on("end", onEnd).on("data", onData);
  });
}

/** A body that came with its head, as most do; undefined for any other. */
function takeArrived(payload: IncomingMessage, maxBytes: number): Buffer | undefined {
  const { complete, readableLength } = payload;
  if (!complete || readableLength === 0 || readableLength > maxBytes) return undefined;
  const body = payload.read() as Buffer | null;
  // Its end is still to be told.
  payload.resume();
  return body ?? undefined;
}

function bodyTooLarge(maxBytes: number): GloveboxError<"BODY_TOO_LARGE"> {
  const message = `body: must have at most ${maxBytes} bytes`;
  return new GloveboxError("BODY_TOO_LARGE", message, { maxBytes });
}

function refuseCompressed({ headers }: FastifyRequest): void {
  const coding = headers["content-encoding"];
  if (coding === undefined || coding === "identity") return;
  throw unsupportedMediaType(`${EXPECTED}, content-encoding ${coding}`);
}

/** @throws {GloveboxError} `INVALID_REQUEST` */
export function parseJson(body: Buffer): unknown {
  if (body.byteLength === 0) throw invalidRequest("body", "is empty; send a JSON object");
  const fault = findJsonFault(body);
  if (fault !== undefined) throw invalidRequest("body", fault);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) as unknown;
  } catch (error) {
    const reason = error instanceof SyntaxError ? showText(error.message) : "it is not UTF-8";
    throw invalidRequest("body", `is not JSON: ${reason}`);
  }
}

export function unsupportedMediaType(contentType: string): GloveboxError<"UNSUPPORTED_MEDIA_TYPE"> {
  return new GloveboxError(
    "UNSUPPORTED_MEDIA_TYPE",
    `content-type: must be ${EXPECTED}, without compression, not ${showText(contentType) || "empty"}`,
    { contentType: showText(contentType), expected: EXPECTED },
  );
}
