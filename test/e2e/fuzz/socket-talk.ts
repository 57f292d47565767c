/**
 * @module
 * A client that plays one case of a WebSocket to its end, and says what was wrong with the server's side.
 */
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseAnswers } from "./exchange.ts";
import { faultOf, insideTold } from "./judge.ts";
import { encodeFrame, type SocketCase, type Step } from "./socket-cases.ts";

/** In which a connection that is told to end has ended. */
const MAX_MS = 10_000;
const WAIT_MS = 30;
/** A usual end. */
const closeFrame = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]);

/**
 * @param path That of the case, with an execution in it.
 * @returns What is wrong; undefined where all is well.
 */
export async function talk(
  one: SocketCase,
  path: string,
  port: number,
): Promise<string | undefined> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => void chunks.push(chunk));
  // A reset is an end as well; `close` follows.
  socket.on("error", () => undefined);
  socket.on("end", () => void socket.end());
  const closed = new Promise<true>((resolve) => {
    socket.once("close", () => {
      resolve(true);
    });
  });
  try {
    const head = [`${one.method} ${path} HTTP/1.1`, "host: localhost", ...one.headers, "", ""];
    const handshake = Buffer.from(head.join("\r\n"));
    await play(socket, handshake, one);
    if (one.end === "reset") {
      socket.resetAndDestroy();
      return undefined;
    }
    if (one.end === "close") socket.write(closeFrame);
    socket.end();
    const deadline = new AbortController();
    const isClosed = await Promise.race([
      closed,
      sleep(MAX_MS, false, { signal: deadline.signal }).catch(() => false),
    ]);
    deadline.abort();
    if (!isClosed) return `not closed within ${MAX_MS} ms`;
    return faultOfServer(Buffer.concat(chunks), one.method);
  } finally {
    socket.destroy();
  }
}

async function play(socket: Socket, handshake: Buffer, one: SocketCase): Promise<void> {
  const { steps, isEager, end } = one;
  const wait = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(done, WAIT_MS);
      function done(): void {
        clearTimeout(timer);
        socket.off("data", done).off("close", done);
        resolve();
      }
      socket.once("data", done).once("close", done);
    });
  const write = (bytes: Buffer): void => {
    if (socket.writable) socket.write(bytes);
  };
  const bytesOf = (step: Step): Buffer => (step === "wait" ? Buffer.alloc(0) : encodeFrame(step));
  if (!isEager) {
    write(handshake);
    await wait();
  }
  let isFirst = isEager;
  for (const [index, step] of steps.entries()) {
    if (socket.destroyed) return;
    if (step === "wait" && !isFirst) await wait();
    const whole = bytesOf(step);
    const isCut = end === "cut" && index === steps.length - 1;
    const bytes = isCut ? whole.subarray(0, whole.byteLength >> 1) : whole;
    write(isFirst ? Buffer.concat([handshake, bytes]) : bytes);
    isFirst = false;
  }
  if (isFirst) write(handshake);
}

function faultOfServer(bytes: Buffer, method: string): string | undefined {
  const { answers, rest } = parseAnswers(bytes, method, true);
  const [answer] = answers;
  if (answer === undefined) return rest.byteLength === 0 ? undefined : "what came is no HTTP";
  const isUpgraded = answer.status === 101;
  return isUpgraded ? faultOfFrames(rest) : faultOf(answer, undefined, method);
}

const TEXT = 1;
const CLOSE = 8;
/** RFC 6455, 7.4.1: not to be sent, or a failure of the server. */
const badCloseCodes = [1004, 1005, 1006, 1011, 1015];

function faultOfFrames(bytes: Buffer): string | undefined {
  for (let at = 0; at < bytes.byteLength;) {
    const first = bytes.readUInt8(at);
    const form = bytes[at + 1] ?? 0;
    const headBytes = 2 + (form === 126 ? 2 : form === 127 ? 8 : 0);
    // The last one can be cut: the client ended its side.
    if (bytes.byteLength < at + headBytes) return undefined;
    const length =
      form === 126
        ? bytes.readUInt16BE(at + 2)
        : form === 127
          ? Number(bytes.readBigUInt64BE(at + 2))
          : form;
    if ((first & 0x70) !== 0 || form > 127) return "a frame of the server is malformed";
    const payload = bytes.subarray(at + headBytes, at + headBytes + length);
    if (payload.byteLength < length) return undefined;
    at += headBytes + length;
    const fault = faultOfFrame(first & 0x0f, payload);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultOfFrame(opcode: number, payload: Buffer): string | undefined {
  const told = insideTold(payload.toString("utf8"));
  if (told !== undefined) return `tells of the inside: ${told}`;
  if (opcode === CLOSE && payload.byteLength >= 2) {
    const code = payload.readUInt16BE(0);
    return badCloseCodes.includes(code) ? `closes with ${code}` : undefined;
  }
  if (opcode !== TEXT) return undefined;
  try {
    const message = JSON.parse(payload.toString("utf8")) as { readonly type?: unknown };
    if (typeof message.type !== "string") return "a message has no type";
    return payload.includes('"INTERNAL"') ? "a failure of the server" : undefined;
  } catch {
    return "a message is not JSON";
  }
}
