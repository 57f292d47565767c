/**
 * @module
 * GET /v1/executions/ID/attach: a WebSocket to an execution. What happens comes as it does by SSE; what
 * is typed goes to an interactive one.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { WebSocket } from "@fastify/websocket";
import { z } from "zod";
import { invalidRequest, isGloveboxError } from "../../core/errors.ts";
import type { LiveExecution } from "../../service/executions/live-execution.ts";
import { isSignalName } from "../../util/signal-name.ts";
import {
  closeCodes,
  createInputGate,
  keepAlive,
  sendMessage,
  type Backlog,
} from "../../util/web-socket.ts";
import { parseWith } from "../../util/zod-issues.ts";
import { decodeText } from "../decode.ts";
import { errorAnswer, knownError } from "../errors.ts";
import { createMessageRate } from "../sandbox-socket/message-rate.ts";
import type { ServerContext } from "../server-options.ts";
import { invalidBody } from "../to-request.ts";
import { closeCodeOf, parseFrame } from "../web-socket.ts";
import { followExecution } from "./follow.ts";
import { visibleTo } from "./manage.ts";
import { parsePlace } from "./place.ts";

const MAX_SIDE = 65_535;
const side = z.int().min(1).max(MAX_SIDE);

const messageSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("stdin"),
    data: z.string(),
    encoding: z.enum(["utf8", "base64"]).optional(),
  }),
  z.strictObject({ type: z.literal("eof") }),
  z.strictObject({ type: z.literal("signal"), signal: z.string().refine(isSignalName) }),
  z.strictObject({ type: z.literal("resize"), columns: side, rows: side }),
]);

type ClientMessage = z.output<typeof messageSchema>;

/** Who takes nothing for so long is gone, though it may send; or for as long as a request may take. */
const MIN_STALL_MS = 30_000;

/** What a connection needs besides its request. */
interface AttachParts {
  readonly context: ServerContext;
  readonly send: (message: object) => Promise<void>;
  /** Of all connections to one execution. */
  readonly backlogs: WeakMap<LiveExecution, Backlog>;
}

export function addAttachRoute(app: FastifyInstance, context: ServerContext): void {
  const sockets = new Set<WebSocket>();
  const backlogs: AttachParts["backlogs"] = new WeakMap();
  const stallMs = Math.max(context.config.server.requestTimeoutMs, MIN_STALL_MS);
  app.addHook("preClose", async () => {
    // What they follow goes on, or is begun again: they may come back.
    for (const socket of sockets) socket.close(closeCodes.goingAway, "the server is stopping");
  });
  app.route<{ Params: { id: string }; Querystring: { cursor?: string } }>({
    method: "GET",
    url: "/v1/executions/:id/attach",
    // A browser can send no headers here, but subprotocols.
    config: { keyNames: ["sec-websocket-protocol"] },
    handler: async () => {
      throw invalidRequest("upgrade", "is missing: this is a WebSocket, at ws:// or wss://");
    },
    wsHandler: (socket, request) => {
      sockets.add(socket);
      socket.once("close", () => void sockets.delete(socket));
      const send = async (message: object): Promise<void> =>
        sendMessage(socket, JSON.stringify(message), stallMs);
      attach(socket, request, { context, send, backlogs }).catch((error: unknown) => {
        const known = knownError(error, request);
        if (known.code === "INTERNAL") request.log.error({ err: error }, known.message);
        void send({ type: "error", ...errorAnswer(known) }).finally(() => {
          socket.close(closeCodeOf(known), known.code);
        });
      });
    },
  });
}

type AttachRequest = FastifyRequest<{ Params: { id: string }; Querystring: { cursor?: string } }>;

async function attach(
  socket: WebSocket,
  request: AttachRequest,
  { context, send, backlogs }: AttachParts,
): Promise<void> {
  const { executions, outputHolds } = context;
  const gone = new AbortController();
  keepAlive(socket, () => {
    gone.abort();
  });
  const info = executions.find(request.params.id, visibleTo(request));
  const { id } = info;
  const hold = outputHolds.hold(info, () => {
    socket.close(closeCodes.tryLater, "there is no room for what is still to be read");
  });
  gone.signal.addEventListener("abort", () => {
    hold.close();
  });
  const from = parsePlace(request.query.cursor);
  receive(socket, executions.live(id), { send, backlogs });
  let hasEnded = false;
  for await (const message of followExecution(context, id, from, gone.signal)) {
    if (message.type === "idle") continue;
    await send(message);
    hasEnded = message.type === "end";
  }
  if (hasEnded) socket.close(closeCodes.done, "the execution has ended");
  else socket.close(closeCodes.goingAway, "the server is stopping");
}

/** What is wrong with a message ends nothing: it is answered. */
function receive(
  socket: WebSocket,
  live: LiveExecution | undefined,
  { send, backlogs }: Pick<AttachParts, "send" | "backlogs">,
): void {
  const isOneTooMany = createMessageRate();
  const backlog = (live && backlogs.get(live)) ?? { bytes: 0 };
  if (live !== undefined) backlogs.set(live, backlog);
  // No more is read of who sends faster than the program reads, or than our answers are read.
  const gate = createInputGate(socket, backlog);
  let written = Promise.resolve();
  const write: InputWriter = (bytes, work) => {
    written = written.then(work).finally(gate.hold(bytes));
  };
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    try {
      const message = parseMessage(parseFrame(data, isBinary));
      // Input is taken as the program reads it; these are taken at once.
      if (message.type !== "stdin" && isOneTooMany()) {
        socket.close(closeCodes.policy, "too many messages");
        return;
      }
      if (live !== undefined) act(message, live, write);
    } catch (error) {
      if (!isGloveboxError(error)) throw error;
      const taken = gate.hold(Buffer.byteLength(error.message));
      void send({ type: "error", ...errorAnswer(error) }).finally(taken);
    }
  });
}

/** Does one after the other what needs room in the program's input. @param bytes That wait for it. */
type InputWriter = (bytes: number, work: () => void | Promise<void>) => void;

function parseMessage(value: unknown): ClientMessage {
  const result = parseWith(messageSchema, value, "message");
  if (result.ok) return result.value;
  throw invalidBody(result.issues);
}

/** What is no input does not wait behind what is. */
function act(message: ClientMessage, live: LiveExecution, write: InputWriter): void {
  switch (message.type) {
    case "stdin": {
      const decoded = decodeText(message.data, message.encoding ?? "utf8");
      if (!decoded.ok) throw invalidRequest("data", decoded.reason);
      const input = inputOf(live);
      write(decoded.bytes.byteLength, () => input.write(decoded.bytes));
      return;
    }
    case "eof": {
      const input = inputOf(live);
      write(0, () => {
        input.end();
      });
      return;
    }
    case "signal":
      live.kill(message.signal);
      return;
    case "resize":
      live.resize(message);
      return;
  }
}

function inputOf({ input }: LiveExecution): NonNullable<LiveExecution["input"]> {
  if (input !== null) return input;
  throw invalidRequest("type", "only an execution with `interactive: true` takes input");
}
