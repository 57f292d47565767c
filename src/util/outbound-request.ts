/**
 * @module
 * HTTP requests to addresses that callers named: no redirect is followed, and what is connected to is
 * what was looked at.
 */
import { lookup as lookUp, type LookupAddress, type LookupOptions } from "node:dns";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { abortable } from "./abortable.ts";
import { isPublicAddress } from "./public-address.ts";

export interface OutboundRequest {
  /** `http:` or `https:`. */
  readonly url: URL;
  readonly method: "GET" | "POST" | "PUT";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From the first packet to the end of the answer. */
  readonly timeoutMs: number;
  /** Of the answer's body; what is more is an error. 0: it is not read. */
  readonly maxAnswerBytes: number;
  /** Whether it may go to this machine and its neighbours. */
  readonly allowPrivate: boolean;
}

/** It would have gone to where nothing may be sent. */
export class NotPublicError extends Error {
  override readonly name = "NotPublicError";
}

export interface OutboundAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * Where the time is over while a name is looked up, this still waits for the end of that: nobody can
 * end it, and all who look up names share a few threads.
 *
 * @throws {Error} With a message for people: an address that is not public (`NotPublicError`), no
 * connection, too slow, too long.
 */
export async function sendOutbound(
  request: OutboundRequest,
  signal: AbortSignal,
): Promise<OutboundAnswer> {
  const names = createLookup(request.allowPrivate);
  return send(request, names.lookup, signal).finally(async () => {
    await abortable(names.idle(), signal).catch(() => undefined);
  });
}

async function send(
  request: OutboundRequest,
  lookup: LookupFunction,
  signal: AbortSignal,
): Promise<OutboundAnswer> {
  const { url, method, headers = {}, body, timeoutMs, allowPrivate } = request;
  const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (!allowPrivate && isIP(hostname) !== 0 && !isPublicAddress(hostname))
    throw notPublic(hostname);
  const deadline = AbortSignal.timeout(timeoutMs);
  const open = url.protocol === "https:" ? httpsRequest : httpRequest;
  const length = body === undefined ? {} : { "content-length": `${Buffer.byteLength(body)}` };
  return new Promise((resolve, reject) => {
    const outgoing = open(url, {
      method,
      headers: { ...headers, ...length },
      agent: false,
      lookup,
    });
    const end = (reason: Error): void => {
      outgoing.destroy(reason);
    };
    const onDeadline = (): void => {
      end(new Error(`no answer within ${timeoutMs} ms`));
    };
    const onAbort = (): void => {
      end(signal.reason as Error);
    };
    deadline.addEventListener("abort", onDeadline, { once: true });
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    outgoing.once("error", reject);
    outgoing.once("close", () => {
      deadline.removeEventListener("abort", onDeadline);
      signal.removeEventListener("abort", onAbort);
      reject(new Error("the connection was closed"));
    });
    outgoing.once("response", (answer) => {
      readAnswer(answer, request.maxAnswerBytes).then(
        (bytes) => {
          resolve({ status: answer.statusCode ?? 0, body: bytes });
          outgoing.destroy();
        },
        (error: unknown) => {
          reject(error instanceof Error ? error : new Error(String(error)));
          outgoing.destroy();
        },
      );
    });
    outgoing.end(body);
  });
}

async function readAnswer(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (maxBytes === 0) return Buffer.alloc(0);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += (chunk as Buffer).byteLength;
    if (bytes > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

interface NameLookup {
  readonly lookup: LookupFunction;
  /** Resolves when no name is being looked up. */
  idle(): Promise<void>;
}

/** Looks at every address of the name: one that is not allowed makes the name unusable. */
function createLookup(allowPrivate: boolean): NameLookup {
  let looking = Promise.resolve();
  return {
    idle: () => looking,
    lookup: (hostname, options, callback) => {
      const all: LookupOptions & { readonly all: true } = { ...options, all: true };
      looking = new Promise((resolve) => {
        lookUp(hostname, all, (error, addresses) => {
          resolve();
          if (error !== null) {
            callback(error, "", 0);
            return;
          }
          const isAllowed =
            allowPrivate || addresses.every(({ address }) => isPublicAddress(address));
          if (isAllowed) answerLookup(options.all === true, addresses, callback);
          else callback(notPublic(hostname), "", 0);
        });
      });
    },
  };
}

function answerLookup(
  wantsAll: boolean,
  addresses: readonly LookupAddress[],
  callback: Parameters<LookupFunction>[2],
): void {
  const [first] = addresses;
  if (wantsAll || first === undefined) callback(null, [...addresses]);
  else callback(null, first.address, first.family);
}

/** Which address a name of the operator's network has is nobody else's business. */
function notPublic(hostname: string): NotPublicError {
  return new NotPublicError(`${hostname} is no public address, or leads to none`);
}
