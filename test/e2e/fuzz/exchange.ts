/**
 * @module
 * Sends bytes to a server, whatever they are, and reads what comes back until there is an answer or an
 * end.
 */
import { connect } from "node:net";

export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export interface Exchange {
  /** Whole ones, without 1xx. */
  readonly answers: readonly Answer[];
  /** What came behind them: a part of an answer, or what another protocol says. */
  readonly rest: Buffer;
}

export interface ExchangeOptions {
  readonly port: number;
  /** Each is one write. */
  readonly pieces: readonly Buffer[];
  /** Decides whether an answer has a body. */
  readonly method: string;
  /** What the client does: waits for one answer, or ends its side at once or after a while. */
  readonly end: "answer" | "soon" | "now";
}

/** In which each request has an answer, or its connection an end. */
const MAX_MS = 10_000;
/** For an answer to what is perhaps no whole request. */
const SOON_MS = 20;

/** @throws {Error} Where nothing comes in time. */
export async function exchange({ port, pieces, method, end }: ExchangeOptions): Promise<Exchange> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  const timers: NodeJS.Timeout[] = [];
  const read = (isClosed: boolean): Exchange =>
    parseAnswers(Buffer.concat(chunks), method, isClosed);
  try {
    return await new Promise<Exchange>((resolve, reject) => {
      const hang = `no answer and no end within ${MAX_MS} ms`;
      timers.push(setTimeout(reject, MAX_MS, new Error(hang)));
      socket.on("data", (chunk) => {
        chunks.push(chunk);
        if (end !== "answer") return;
        const soFar = read(false);
        if (soFar.answers.length > 0) resolve(soFar);
      });
      // A reset is an end as well; `close` follows.
      socket.on("error", () => undefined);
      socket.on("end", () => void socket.end());
      socket.on("close", () => {
        resolve(read(true));
      });
      for (const piece of pieces) socket.write(piece);
      if (end === "now") socket.end();
      if (end === "soon") timers.push(setTimeout(() => void socket.end(), SOON_MS));
    });
  } finally {
    for (const timer of timers) clearTimeout(timer);
    socket.destroy();
  }
}

const HEAD_END = "\r\n\r\n";

/** @param isClosed Whether nothing more comes. */
export function parseAnswers(bytes: Buffer, method: string, isClosed: boolean): Exchange {
  const answers: Answer[] = [];
  let rest = bytes;
  for (;;) {
    const headEnd = rest.indexOf(HEAD_END);
    if (headEnd === -1 || !rest.subarray(0, 5).equals(Buffer.from("HTTP/"))) break;
    const [statusLine = "", ...lines] = rest.toString("latin1", 0, headEnd).split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
    const headers = new Map(lines.map(splitHeader));
    const behind = rest.subarray(headEnd + HEAD_END.length);
    const isEmpty = method === "HEAD" || status < 200 || status === 204 || status === 304;
    const found = isEmpty ? { body: Buffer.alloc(0), bytes: 0 } : bodyOf(behind, headers, isClosed);
    if (found === undefined) break;
    if (status >= 200 || status === 101) answers.push({ status, headers, body: found.body });
    rest = behind.subarray(found.bytes);
    if (status === 101) break;
  }
  return { answers, rest };
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

interface FoundBody {
  readonly body: Buffer;
  /** That it takes. */
  readonly bytes: number;
}

function bodyOf(
  behind: Buffer,
  headers: ReadonlyMap<string, string>,
  isClosed: boolean,
): FoundBody | undefined {
  if (headers.get("transfer-encoding") === "chunked") return unchunk(behind);
  const length = headers.get("content-length");
  if (length === undefined) {
    return isClosed ? { body: behind, bytes: behind.byteLength } : undefined;
  }
  const bytes = Number(length);
  return behind.byteLength < bytes ? undefined : { body: behind.subarray(0, bytes), bytes };
}

function unchunk(behind: Buffer): FoundBody | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = behind.indexOf("\r\n", at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(behind.toString("latin1", at, lineEnd), 16);
    const end = lineEnd + 2 + size + 2;
    if (behind.byteLength < end) return undefined;
    chunks.push(behind.subarray(lineEnd + 2, end - 2));
    if (size === 0) return { body: Buffer.concat(chunks), bytes: end };
    at = end;
  }
}
