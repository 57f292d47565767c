/**
 * @module
 * One command in a sandbox elsewhere: its output comes as its reader takes it, its input goes as the
 * program reads.
 */
import type { Command, OutputStream } from "../../core/command.ts";
import type { Execution } from "../../core/execution.ts";
import type { ClientMessage, WiredCommand } from "../../sandbox-protocol/client-messages.ts";
import { createCredit, createIntake } from "../../sandbox-protocol/credit.ts";
import type { ByteFrame } from "../../sandbox-protocol/frames.ts";
import type { Peer } from "../../sandbox-protocol/peer.ts";
import type { ServerMessage } from "../../sandbox-protocol/server-messages.ts";
import { executionFromWire } from "../../sandbox-protocol/values.ts";
import type { RunningTurn } from "./turn.ts";

/** The most that a command may ask for. */
export type CommandBounds = Extract<ServerMessage, { type: "created" }>["limits"];

/** Without a limit means here: with the largest that the server allows. */
export function commandToWire(command: Command, bounds: CommandBounds): WiredCommand {
  const { argv, env, cwd, stdin, tty, limits, onOutputLimit } = command;
  const { wallTimeMs, cpuTimeMs, outputBytes } = limits;
  return {
    argv: [...argv],
    env: { ...env },
    cwd,
    stdin: stdin === "empty" ? "empty" : "stream",
    ...(tty === undefined ? {} : { tty: { columns: tty.columns, rows: tty.rows } }),
    limits: {
      wall_time_ms: wallTimeMs === "unlimited" ? bounds.wall_time_ms : wallTimeMs,
      cpu_time_ms: cpuTimeMs === "unlimited" ? bounds.cpu_time_ms : cpuTimeMs,
      output_bytes: outputBytes === "unlimited" ? bounds.output_bytes : outputBytes,
    },
    on_output_limit: onOutputLimit,
  };
}

export interface RunningCommand extends RunningTurn<Execution> {
  /** The command shall end, and its reader is not waited for. */
  cancel(): void;
}

export function runCommand(
  turn: number,
  { onOutput, stdin }: Pick<Command, "onOutput" | "stdin">,
  peer: Peer<ClientMessage>,
): RunningCommand {
  let readerError: { readonly error: unknown } | undefined;
  let isDiscarding = false;
  const cancel = (): void => {
    if (isDiscarding) return;
    isDiscarding = true;
    for (const flow of Object.values(flows)) flow.discard();
    void peer.send({ type: "cancel", turn });
  };
  const flowOf = (stream: OutputStream): OutputFlow =>
    createOutputFlow({
      read: (chunk) => onOutput(stream, chunk),
      tell: (bytes) => void peer.send({ type: "taken", turn, stream, bytes }),
      fail: (error) => {
        readerError ??= { error };
        cancel();
      },
    });
  const flows = { stdout: flowOf("stdout"), stderr: flowOf("stderr") };
  const input = stdin === "empty" ? undefined : sendInput(turn, stdin, peer);
  let settle: { resolve: (execution: Execution) => void; reject: (error: unknown) => void };
  const done = new Promise<Execution>((resolve, reject) => {
    settle = { resolve, reject };
  });
  const finish = async (execution: Execution): Promise<void> => {
    await Promise.all([flows.stdout.drained(), flows.stderr.drained()]);
    if (readerError !== undefined) settle.reject(readerError.error);
    else settle.resolve(execution);
  };
  return {
    turn,
    done,
    cancel,
    onBytes: ({ kind, bytes }: ByteFrame) =>
      kind === "stdout" || kind === "stderr" ? flows[kind].push(bytes) : false,
    onMessage: (message) => {
      if (message.type === "taken") return input?.credit.grant(message.bytes) ?? false;
      if (message.type !== "ended") return false;
      input?.stop();
      void finish(executionFromWire(message.execution));
      return true;
    },
    fail: (error) => {
      input?.stop();
      isDiscarding = true;
      for (const flow of Object.values(flows)) flow.discard();
      settle.reject(error);
    },
  };
}

interface OutputFlow {
  /** @returns False for more than was granted. */
  push(chunk: Buffer): boolean;
  /** What came and what comes is thrown away. */
  discard(): void;
  /** Resolves when all that came was read, or thrown away. */
  drained(): Promise<void>;
}

interface FlowParts {
  readonly read: (chunk: Buffer) => void | Promise<void>;
  readonly tell: (cost: number) => void;
  readonly fail: (error: unknown) => void;
}

function createOutputFlow({ read, tell, fail }: FlowParts): OutputFlow {
  const intake = createIntake(tell);
  const waiting: Buffer[] = [];
  let isDiscarding = false;
  let isReading = false;
  let onDrained: () => void = () => undefined;

  const readAll = async (): Promise<void> => {
    isReading = true;
    for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
      try {
        if (!isDiscarding) await read(chunk);
      } catch (error) {
        fail(error);
      }
      intake.take(chunk.byteLength);
    }
    isReading = false;
    onDrained();
  };
  return {
    push(chunk) {
      if (!intake.arrive(chunk.byteLength)) return false;
      if (isDiscarding) {
        intake.take(chunk.byteLength);
        return true;
      }
      waiting.push(chunk);
      if (!isReading) void readAll();
      return true;
    },
    discard() {
      isDiscarding = true;
      onDrained();
    },
    async drained() {
      while (isReading && !isDiscarding) {
        await new Promise<void>((resolve) => {
          onDrained = resolve;
        });
      }
    },
  };
}

type Input = Exclude<Command["stdin"], "empty">;

function sendInput(turn: number, stdin: Input, peer: Peer<ClientMessage>) {
  const credit = createCredit();
  let isOver = false;
  let sending: Promise<unknown> = Promise.resolve();
  const onData = (chunk: Buffer | string): void => {
    stdin.pause();
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    const send = (piece: Buffer) => peer.sendBytes({ kind: "stdin", turn, bytes: piece });
    sending = sending.then(() => credit.send(bytes, send));
    void sending.then(() => {
      if (!isOver) stdin.resume();
    });
  };
  // It may end while its last bytes wait. What can't be read is an end to the program, too; without a
  // listener it would end this process.
  const onEnd = (): void => {
    void sending.then(() => {
      if (!isOver) void peer.send({ type: "stdin_end", turn });
    });
  };
  stdin.on("data", onData).on("end", onEnd).on("error", onEnd);
  if (stdin.readableEnded || stdin.destroyed) onEnd();
  return {
    credit,
    stop: (): void => {
      if (isOver) return;
      isOver = true;
      credit.discard();
      stdin.off("data", onData).off("end", onEnd).off("error", onEnd).pause();
    },
  };
}
