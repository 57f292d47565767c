/**
 * @module
 * What happens to an execution, message by message, from any place on: for SSE and WebSocket alike.
 */
import { isUtf8 } from "node:buffer";
import type { Encoding } from "../../service/report-json.ts";
import { hasEnded, type ExecutionInfo } from "../../service/executions/execution-info.ts";
import type { Cursor, OutputPiece } from "../../service/executions/output-log.ts";
import type { Executions } from "../../service/executions/executions.ts";
import { queueAsks } from "../asks/ask-messages.ts";
import { waitingFor, type AskMessage } from "../asks/to-json.ts";
import type { ServerContext } from "../server-options.ts";
import { idleMs, untilNews } from "../until-news.ts";
import { attemptOf, cursorIn, formatPlace, type Place } from "./place.ts";
import { executionToJson, type ExecutionJson } from "./to-json.ts";

export type ExecutionMessage =
  /** At the begin, and whenever its state changes. */
  | { readonly type: "state"; readonly execution: ExecutionJson }
  | {
      readonly type: "output";
      readonly phase: "compile" | "run";
      readonly stream: "stdout" | "stderr";
      /** Bytes of this stream before it. */
      readonly offset: number;
      readonly data: string;
      readonly encoding: Encoding;
      /** To go on behind it. */
      readonly cursor: string;
    }
  /** Of its questions. */
  | AskMessage
  /** The last one, with the result. */
  | { readonly type: "end"; readonly execution: ExecutionJson }
  /** Nothing happened for a while. */
  | { readonly type: "idle" };

/** Small enough for one frame, also as base64. */
const PIECE_BYTES = 48 * 1024;
/** How soon the end of another process's execution is seen. */
const POLL_MS = 500;

/**
 * Ends with `end`, or without it when `signal` aborts or the server stops. Who does not ask for the next
 * message is not waited for, but where the execution is interactive: then its program waits.
 */
export async function* followExecution(
  { executions, asks: board }: Pick<ServerContext, "executions" | "asks">,
  id: string,
  from: Place,
  signal: AbortSignal,
): AsyncGenerator<ExecutionMessage, void, void> {
  const live = executions.live(id);
  const follower = live?.follow(bytesBefore(cursorIn(from, live.info)));
  using asks = queueAsks(board, { executionId: id });
  const stateOf = (info: ExecutionInfo): ExecutionMessage => ({
    type: "state",
    execution: { ...executionToJson(info), ...waitingFor(board, id) },
  });
  try {
    let info = executions.find(id);
    yield stateOf(info);
    if (live === undefined) info = yield* waitForOther(executions, id, signal);
    const log = executions.log(id);
    const attempt = attemptOf(info);
    const reader = log.reader(cursorIn(from, info), "characters");
    while (!signal.aborted) {
      const ask = asks.take();
      if (ask !== undefined) {
        yield ask;
        continue;
      }
      // Who is so far behind comes back.
      if (asks.isLost()) return;
      const piece = reader.next(PIECE_BYTES);
      if (piece !== undefined) {
        yield outputOf(piece, attempt);
        follower?.consumed(piece.bytes.byteLength);
        continue;
      }
      if (log.hasEnded) break;
      const newest = live?.info ?? info;
      if (newest.state !== info.state && !hasEnded(newest.state)) {
        info = newest;
        yield stateOf(info);
        continue;
      }
      const isIdle = await untilNews(signal, (wake) => [
        log.onChange(wake),
        live?.onState(wake),
        asks.onMore(wake),
      ]);
      if (isIdle) yield { type: "idle" };
    }
    if (signal.aborted) return;
    info = executions.find(id);
    // This server stops: who follows comes back, and goes on with the next one.
    if (!hasEnded(info.state)) return;
    yield { type: "end", execution: executionToJson(info, executions.result(id)) };
  } finally {
    follower?.close();
  }
}

function outputOf(
  { phase, stream, offset, bytes, cursor }: OutputPiece,
  attempt: number,
): ExecutionMessage {
  const place = formatPlace({ attempt, cursor });
  return { type: "output", phase, stream, offset, ...encode(bytes), cursor: place };
}

const bytesBefore = (cursor: Cursor): number => cursor.reduce((sum, bytes) => sum + bytes, 0);

/** Its output is seen when it has ended. */
async function* waitForOther(
  executions: Executions,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<ExecutionMessage, ExecutionInfo, void> {
  let quietSince = Date.now();
  for (;;) {
    const info = await executions.wait(id, POLL_MS, signal);
    if (hasEnded(info.state)) return info;
    if (Date.now() - quietSince < idleMs) continue;
    quietSince = Date.now();
    yield { type: "idle" };
  }
}

function encode(bytes: Buffer): { readonly data: string; readonly encoding: Encoding } {
  const encoding = isUtf8(bytes) ? "utf8" : "base64";
  return { data: bytes.toString(encoding), encoding };
}
