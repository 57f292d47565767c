/**
 * @module
 * Asks another program, over its unix socket. Whatever it does wrong ends it, and all is denied that it
 * has not allowed by then.
 */
import { createConnection, type Socket } from "node:net";
import type { Answer, Asker, ShownQuestion } from "./asker.ts";
import { formatBrokerQuestion, MAX_LINE_BYTES, parseBrokerAnswer } from "./broker-messages.ts";

export interface BrokerAsker extends Asker, Disposable {}

export interface BrokerOptions {
  /** Absolute path of its socket. */
  readonly socketPath: string;
  /** Default 5,000. */
  readonly connectTimeoutMs?: number;
}

interface Pending {
  readonly settle: (answer: Answer) => void;
  readonly fail: (error: Error) => void;
}

/** @throws Where nobody listens there in time. */
export async function connectBroker(options: BrokerOptions): Promise<BrokerAsker> {
  const socket = await connect(options);
  const pending = new Map<number, Pending>();
  // Those that were withdrawn are answered yet.
  const withdrawn = new Set<number>();
  let lastId = 0;
  let failure: Error | undefined;
  const end = (why: string): void => {
    failure ??= new Error(`the permission broker is gone: ${why}`);
    for (const { fail } of pending.values()) fail(failure);
    pending.clear();
    socket.destroy();
  };
  const onLine = (line: string): void => {
    const { id, result, scope = "once" } = parseBrokerAnswer(line);
    if (withdrawn.delete(id)) return;
    const question = pending.get(id);
    if (question === undefined) throw new Error(`it answered ${id}, which was not asked`);
    pending.delete(id);
    question.settle({ isAllowed: result === "allow", scope, by: "broker" });
  };
  readLines(socket, onLine, end);
  const ask = (question: ShownQuestion, signal: AbortSignal): Promise<Answer> =>
    new Promise((resolve, reject) => {
      if (failure !== undefined) throw failure;
      signal.throwIfAborted();
      const id = ++lastId;
      const onAbort = (): void => {
        if (pending.delete(id)) withdrawn.add(id);
        // A broker that never answers must not fill our memory.
        if (withdrawn.size > MAX_WITHDRAWN) end("it does not answer");
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      const stopListening = (): void => {
        signal.removeEventListener("abort", onAbort);
      };
      pending.set(id, {
        settle: (answer) => {
          stopListening();
          resolve(answer);
        },
        fail: (error) => {
          stopListening();
          reject(error);
        },
      });
      socket.write(formatBrokerQuestion(question, { id, now: Date.now() }));
    });
  return {
    ...{ name: "broker", asksPeople: false, ask },
    [Symbol.dispose]: () => {
      end("the run is over");
    },
  };
}

const CONNECT_TIMEOUT_MS = 5000;
const MAX_WITHDRAWN = 10_000;

function connect({
  socketPath,
  connectTimeoutMs = CONNECT_TIMEOUT_MS,
}: BrokerOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new Error(`the permission broker at ${socketPath} can't be reached: ${why}`));
    };
    const socket = createConnection({ path: socketPath });
    const timer = setTimeout(fail, connectTimeoutMs, `no answer in ${connectTimeoutMs} ms`);
    const onError = ({ message }: Error): void => {
      fail(message);
    };
    socket.once("error", onError).once("connect", () => {
      clearTimeout(timer);
      socket.off("error", onError);
      // Only questions keep a run alive.
      socket.unref();
      resolve(socket);
    });
  });
}

/** Bounded: a line that does not end is a fault. */
function readLines(
  socket: Socket,
  onLine: (line: string) => void,
  onEnd: (why: string) => void,
): void {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    try {
      for (const line of lines) onLine(line);
      if (rest.length > MAX_LINE_BYTES) throw new Error("its line is too long");
    } catch (error) {
      onEnd((error as Error).message);
    }
  });
  socket.on("error", ({ message }: Error) => {
    onEnd(message);
  });
  socket.on("close", () => {
    onEnd("it closed the connection");
  });
}
