/**
 * @module
 * One request of a program to a host that secrets are sent to, and its response. Both are taken apart
 * by a strict parser and put together anew: what the host gets is what was looked at.
 */
import {
  request as startRequest,
  ServerResponse,
  STATUS_CODES,
  type Agent,
  type ClientRequest,
  type IncomingMessage,
} from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Secret } from "../../core/secret.ts";
import { concealIn, replaceInHead } from "./replace.ts";

/** Of a request or an answer, without its body. Servers take 8 to 64 KiB. */
export const maxHeadBytes = 64 * 1_024;

/**
 * For `maxHeadersCount`: by default Node leaves out those after the first thousand, and the parser goes
 * by their lengths all the same. What is passed on would end elsewhere than what was looked at.
 */
export const unlimited = 0;

/** For a host to say whether it changes the protocol. */
const upgradeMs = 20_000;

/** The way of one connection's requests. */
export interface Passage {
  readonly host: string;
  readonly port: number;
  readonly secrets: readonly Secret[];
  /** Rejects where there is none, or nobody who is that host. */
  readonly upstream: Promise<TLSSocket>;
  /** Of this one connection outside. */
  readonly agent: Agent;
  readonly onSent: (name: string) => void;
  readonly onOtherHost: () => void;
  /** What is not whole must not look so. */
  readonly cut: () => void;
}

/** Does not throw. */
export async function passOn(
  passage: Passage,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.sendDate = false;
  const cut = (): void => {
    response.destroy();
    passage.cut();
  };
  const started = await start(passage, request, response);
  if (started === undefined) return;
  const cutUnlessWhole = (): void => {
    if (!response.writableEnded) cut();
  };
  response.on("error", cut);
  started.on("error", cutUnlessWhole);
  // Without an answer: another protocol that nobody asked for, say.
  started.once("close", () => {
    if (!response.headersSent) cut();
  });
  // A host may say it without end, and nobody may be reading it.
  started.once("continue", () => response.writeContinue());
  started.on("response", (answer) => {
    writeAnswer({ ...passage, cut }, answer, response);
  });
  response.once("close", () => {
    if (!response.writableFinished) started.destroy();
  });
  passBody(request, started);
}

/**
 * The same for one that asks for another protocol, `websocket` say. What goes that way is passed on as
 * it is.
 *
 * @param head What came behind the request already.
 */
export async function passOnUpgrade(
  passage: Passage,
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
): Promise<void> {
  const response = new ServerResponse(request);
  try {
    response.assignSocket(socket);
  } catch {
    // The answer to an earlier request is on its way yet.
    passage.cut();
    return;
  }
  response.shouldKeepAlive = false;
  response.once("finish", () => socket.end());
  response.sendDate = false;
  const started = await start(passage, request, response);
  if (started === undefined) return;
  // Until then nobody reads from the program, or would see it go.
  const isLate = setTimeout(passage.cut, upgradeMs);
  started.once("close", () => clearTimeout(isLate));
  started.on("error", passage.cut);
  started.on("response", (answer) => {
    clearTimeout(isLate);
    writeAnswer(passage, answer, response);
  });
  started.on("upgrade", (answer, upstream: Socket, firstBytes: Buffer) => {
    clearTimeout(isLate);
    response.detachSocket(socket);
    socket.write(concealIn(headOf(answer), passage.secrets));
    socket.write(firstBytes);
    upstream.write(head);
    socket.on("error", passage.cut);
    upstream.on("error", passage.cut);
    socket.pipe(upstream).pipe(socket);
  });
  started.end();
}

/** @returns Undefined where it goes nowhere: it is answered then. */
async function start(
  passage: Passage,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<ClientRequest | undefined> {
  const { host, secrets, upstream, agent } = passage;
  const refusal = refusalOf(passage, request);
  if (refusal !== undefined) {
    refuse(response, refusal.status, refusal.text);
    return undefined;
  }
  try {
    await upstream;
  } catch (error) {
    refuse(
      response,
      502,
      `${host} can't be reached through TLS: ${(error as Error).message}. Nothing was sent to it.`,
    );
    return undefined;
  }
  try {
    const { method = "GET", url = "/", rawHeaders } = request;
    const replaced = replaceInHead(url, forwarded(request, rawHeaders), secrets);
    const started = startRequest({
      ...{ agent, method, path: replaced.url },
      headers: [...replaced.headers],
      maxHeaderSize: maxHeadBytes,
    });
    started.maxHeadersCount = unlimited;
    for (const { name } of replaced.used) passage.onSent(name);
    return started;
  } catch (error) {
    refuse(response, 400, `this request can't be passed on: ${(error as Error).message}`);
    return undefined;
  }
}

interface Refusal {
  readonly status: number;
  readonly text: string;
}

function refusalOf(
  { host, port, onOtherHost }: Passage,
  { method = "", url = "", rawHeaders }: IncomingMessage,
): Refusal | undefined {
  const named = rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === "host",
  );
  const [only = ""] = named;
  const isMeant = [`${host}:${port}`, ...(port === 443 ? [host] : [])].includes(only.toLowerCase());
  if (named.length !== 1 || !isMeant) {
    onOtherHost();
    return { status: 421, text: `this connection is for ${host} alone.` };
  }
  if (!url.startsWith("/") && url !== "*") {
    return { status: 400, text: "a request through this connection begins with a path." };
  }
  // Its response would be the request, with the values in it.
  if (method === "TRACE") return { status: 405, text: "TRACE is not passed on." };
  return undefined;
}

function refuse(response: ServerResponse, status: number, text: string): void {
  const body = `glovebox: ${text}\n`;
  response.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    connection: "close",
  });
  response.end(body);
}

/** They are about one connection, and there are two: RFC 9110, 7.6.1. Lengths are told anew. */
const ofConnection: readonly string[] = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
];

/** Headers as they came, without those that are about the connection. */
function endToEnd(rawHeaders: readonly string[]): string[] {
  const headers: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = [rawHeaders[at], rawHeaders[at + 1]];
    const lower = name.toLowerCase();
    if (!ofConnection.includes(lower)) headers.push(name, value);
  }
  return headers;
}

function forwarded(request: IncomingMessage, rawHeaders: readonly string[]): readonly string[] {
  const headers = endToEnd(rawHeaders);
  const { upgrade, "transfer-encoding": encoding, "content-length": length } = request.headers;
  const isUpgrade = upgrade !== undefined && /upgrade/i.test(request.headers.connection ?? "");
  if (isUpgrade) headers.push("Connection", "Upgrade");
  if (encoding !== undefined) headers.push("Transfer-Encoding", "chunked");
  else if (length === undefined && methodsWithBody.includes(request.method ?? "")) {
    headers.push("Content-Length", "0");
  }
  return headers;
}

/** Without a length Node would send them in chunks. */
const methodsWithBody: readonly string[] = ["POST", "PUT", "PATCH"];

function passBody(request: IncomingMessage, started: ClientRequest): void {
  request.on("error", () => started.destroy());
  request.once("end", () => {
    addTrailers(started, request.rawTrailers);
    started.end();
  });
  const { "transfer-encoding": encoding, "content-length": length } = request.headers;
  // A body that the head does not tell of would be taken for a further request.
  if (encoding === undefined && length === undefined) request.resume();
  else request.pipe(started, { end: false });
}

function writeAnswer(
  { secrets, cut }: Pick<Passage, "secrets" | "cut">,
  answer: IncomingMessage,
  response: ServerResponse,
): void {
  const conceal = (text: string): string => concealIn(text, secrets);
  answer.on("error", cut);
  try {
    const headers = endToEnd(answer.rawHeaders).map(conceal);
    // There is no further request on this connection.
    if (!isKeptAlive(answer)) headers.push("Connection", "close");
    response.writeHead(answer.statusCode ?? 502, conceal(answer.statusMessage ?? ""), headers);
  } catch {
    cut();
    return;
  }
  answer.once("end", () => {
    if (!answer.complete) return;
    addTrailers(response, answer.rawTrailers.map(conceal));
    response.end();
  });
  answer.once("aborted", cut);
  answer.pipe(response, { end: false });
}

/** Those that can't be written are left out: they say nothing about what is whole. */
function addTrailers(to: ClientRequest | ServerResponse, raw: readonly string[]): void {
  if (raw.length === 0) return;
  try {
    to.addTrailers(pairs(raw));
  } catch {
    // Not even one of them then.
  }
}

function isKeptAlive({ httpVersion, headers }: IncomingMessage): boolean {
  const { connection = "" } = headers;
  return httpVersion === "1.1" ? !/close/i.test(connection) : /keep-alive/i.test(connection);
}

function pairs(raw: readonly string[]): [string, string][] {
  const all: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) all.push([raw[at] ?? "", raw[at + 1] ?? ""]);
  return all;
}

/** Of an answer that changes the protocol. */
function headOf({ statusCode = 101, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = pairs(rawHeaders).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${statusCode} ${statusMessage ?? STATUS_CODES[statusCode] ?? ""}\r\n${lines.join("")}\r\n`;
}
