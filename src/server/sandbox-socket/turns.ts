/**
 * @module
 * What a client asks of its sandbox, one thing at a time: a command, or files that commands left.
 */
import type { OutputStream } from "../../core/command.ts";
import type { ServerConfig } from "../../config/server-config.ts";
import { GloveboxError, invalidRequest } from "../../core/errors.ts";
import type { ProviderSandbox } from "../../core/provider.ts";
import type { ClientMessage, WiredCommand } from "../../sandbox-protocol/client-messages.ts";
import { createCredit } from "../../sandbox-protocol/credit.ts";
import { sendFiles } from "../../sandbox-protocol/files.ts";
import type { Peer } from "../../sandbox-protocol/peer.ts";
import type { ServerMessage } from "../../sandbox-protocol/server-messages.ts";
import { executionToWire } from "../../sandbox-protocol/values.ts";
import { readerPatience } from "../../service/reader-patience.ts";
import { snakeCase } from "../../util/snake-case.ts";
import { admitCommand } from "./admit-sandbox.ts";
import { createStreamedInput, type StreamedInput } from "./streamed-input.ts";

/** What a turn is about: who asks, and where. */
export interface TurnParts {
  readonly turn: number;
  readonly peer: Peer<ServerMessage>;
  readonly sandbox: ProviderSandbox;
  readonly config: ServerConfig;
}

/** Messages that are about what goes on. */
type TurnMessage = Extract<ClientMessage, { type: "stdin_end" | "kill" | "resize" | "taken" }>;

export interface Turn {
  readonly number: number;
  /** Resolves with its last message, which is yet to be sent. Rejects with what the sandbox threw. */
  readonly done: Promise<ServerMessage>;
  /** @throws {GloveboxError} `INVALID_REQUEST` for what breaks the protocol. */
  tell(message: TurnMessage): void;
  /** @throws {GloveboxError} `INVALID_REQUEST` for more than was granted. */
  takeInput(piece: Buffer): void;
  /** Ends it soon; what it still has to say is not waited for. */
  cancel(reason: unknown): void;
}

/** @throws {GloveboxError} `INVALID_REQUEST` for what can't be asked for. */
export function startCommand(parts: TurnParts, wired: WiredCommand): Turn {
  const { turn, peer, sandbox, config } = parts;
  const command = admitCommand(wired, config);
  const controller = new AbortController();
  const credits = { stdout: createCredit(), stderr: createCredit() };
  const input = wired.stdin === "empty" ? undefined : inputOf(parts);
  const patience = readerPatience(command.limits);
  const onOutput = async (stream: OutputStream, chunk: Buffer): Promise<void> => {
    const isTaken = await patience.waitFor(
      credits[stream].send(chunk, (bytes) => peer.sendBytes({ kind: stream, turn, bytes })),
    );
    if (!isTaken) throw notTaken(stream);
  };
  const run = async (): Promise<ServerMessage> => {
    const stdin = input?.stream ?? "empty";
    try {
      const execution = await sandbox.exec({ ...command, stdin, onOutput }, controller.signal);
      return { type: "ended", turn, execution: executionToWire(execution) };
    } finally {
      input?.stream.destroy();
    }
  };
  return {
    number: turn,
    done: run(),
    tell: (message) => {
      if (message.type === "kill") sandbox.kill(message.signal);
      else if (message.type === "resize") sandbox.resize(message);
      else if (message.type === "stdin_end") input?.end();
      else if (message.stream === "stdin" || !credits[message.stream].grant(message.bytes)) {
        throw invalidRequest("bytes", "more is taken than was sent");
      }
    },
    takeInput: (piece) => {
      if (input?.push(piece) === true) return;
      throw invalidRequest("stdin", "more is sent than there is room for");
    },
    cancel: (reason) => {
      credits.stdout.discard();
      credits.stderr.discard();
      controller.abort(reason);
    },
  };
}

function notTaken(stream: OutputStream): GloveboxError<"SANDBOX_FAILED"> {
  const message = `the server ended the command: its ${stream} was not taken in its time. Read faster, or give it more time.`;
  return new GloveboxError("SANDBOX_FAILED", message, { provider: "remote", step: "output" });
}

function inputOf({ turn, peer }: TurnParts): StreamedInput {
  return createStreamedInput((bytes) => {
    void peer.send({ type: "taken", turn, stream: "stdin", bytes });
  });
}

type CollectMessage = Extract<ClientMessage, { type: "collect" }>;

/** The operator's bounds for files of an answer hold here too: what is over them is left out. */
export function startCollecting(parts: TurnParts, message: CollectMessage): Turn {
  const { turn, peer, sandbox, config } = parts;
  const controller = new AbortController();
  const { maxFiles, maxBytes } = config.artifacts;
  const request = {
    paths: message.paths,
    maxFiles: Math.min(message.max_files, maxFiles),
    maxBytes: Math.min(message.max_bytes, maxBytes),
  };
  const run = async (): Promise<ServerMessage> => {
    const { files, skipped, isComplete } = await sandbox.collect(request, controller.signal);
    await sendFiles(peer, turn, files, () => !controller.signal.aborted);
    for (const { path, reason } of skipped) {
      await peer.send({ type: "skipped", turn, path, reason: snakeCase(reason) });
    }
    return { type: "collected", turn, is_complete: isComplete };
  };
  return {
    number: turn,
    done: run(),
    tell: () => undefined,
    takeInput: () => undefined,
    cancel: (reason) => {
      controller.abort(reason);
    },
  };
}
