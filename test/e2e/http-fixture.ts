/**
 * @module
 * A real server on a real port, with the real service on the `process` provider.
 */
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import { loadConfig, type WrittenConfig } from "../../src/config/load-config.ts";
import { indexLanguages } from "../../src/languages/index-languages.ts";
import { loadLanguages } from "../../src/languages/load.ts";
import { createProcessProvider } from "../../src/providers/process/index.ts";
import { createLogger } from "../../src/server/create-logger.ts";
import { createBudgets } from "../../src/server/budgets.ts";
import { buildServer } from "../../src/server/build-server.ts";
import { openObservers } from "../../src/server/open-observers.ts";
import { listen } from "../../src/server/listen.ts";
import { watchService } from "../../src/server/watch-service.ts";
import { openKept, type Kept } from "../../src/service/kept.ts";
import { createAskBoard } from "../../src/service/permissions/ask-board.ts";
import { ExecutionService } from "../../src/service/service.ts";

const languagesFolder = fileURLToPath(new URL("../../languages", import.meta.url));

export interface RunningServer extends AsyncDisposable {
  readonly app: FastifyInstance;
  readonly service: ExecutionService;
  readonly kept: Kept;
  /** What executions could tell nobody. */
  readonly faults: readonly unknown[];
  /** `http://127.0.0.1:41234`. */
  readonly url: string;
  readonly port: number;
  /** How many runs were asked of the service. */
  runCount(): number;
  /** Bytes that came over all its connections so far. */
  bytesRead(): number;
  /** All lines of the log so far. */
  log(): string;
  post(path: string, body: unknown): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

class CountingService extends ExecutionService {
  runs = 0;

  override async runLater(
    ...args: Parameters<ExecutionService["runLater"]>
  ): ReturnType<ExecutionService["runLater"]> {
    this.runs++;
    return super.runLater(...args);
  }
}

/**
 * @param overrides In the shape of `glovebox.yaml`, on top of the unisolated provider and port 0.
 * @param prepare Called before the port is opened.
 * @param fill Called before that, to put something into the database.
 */
export async function startServer(
  overrides: WrittenConfig = {},
  prepare: (app: FastifyInstance) => void = () => undefined,
  fill: (kept: Kept) => Promise<void> = () => Promise.resolve(),
): Promise<RunningServer> {
  const { server = {}, ...rest } = overrides;
  const config = loadConfig({
    env: {},
    cwd: "/nonexistent",
    overrides: {
      provider: "process",
      allowUnsafeProcess: true,
      server: { port: 0, shutdownGrace: "0s", ...(server as object) },
      ...rest,
    },
  });
  const lines: string[] = [];
  const logger = createLogger(config, { write: (line) => void lines.push(line) });
  const languages = indexLanguages(await loadLanguages(languagesFolder));
  const languageIds = languages.languages.map(({ id }) => id);
  const log = { env: {}, version: "1.2.3", logger, stderr: process.stderr };
  const observers = await openObservers({ config, languageIds, ...log });
  const { metrics, tracer } = observers;
  const service = new CountingService({
    provider: createProcessProvider(),
    ...{ languages, metrics, tracer },
    concurrency: config.concurrency,
    memoryBytes: config.memoryBytes,
    maxQueued: config.maxQueued,
    compileLimits: config.compile,
    ownNodePath: process.execPath,
  });
  service.onRan(observers.executionRan);
  watchService(metrics, service, config.concurrency);
  const { maxPending, queueTimeoutMs } = config.executions;
  const { folder, maxAgeMs, maxBytes } = config.storage;
  const faults: unknown[] = [];
  const kept = await openKept({
    service,
    folder,
    maxPending,
    maxPendingBytes: config.storage.maxBytes,
    queueTimeoutMs,
    retention: { maxAgeMs, maxBytes, sharesMaxAgeMs: config.shares.maxAgeMs },
    callbacks: config.callbacks,
    onEnd: observers.executionEnded,
    onCallback: observers.callbackEnded,
    onFault: (error) => void faults.push(error),
  });
  const { executions, keys, shares } = kept;
  const app = buildServer({
    service,
    executions,
    asks: createAskBoard({ askTimeoutMs: config.permissions.askTimeoutMs }),
    home: "/home/nobody",
    keys,
    shares,
    config,
    budgets: createBudgets(config.server.bodyBudgetBytes),
    version: "1.2.3",
    observers,
    logger,
    // That is a hundred programs: a test that needs versions asks for them.
    learnsVersions: false,
    checksAnswers: true,
  });
  prepare(app);
  const sockets = new Set<Socket>();
  app.server.on("connection", (socket: Socket) => void sockets.add(socket));
  await fill(kept);
  await app.ready();
  const url = await listen(app, config, kept.hasKeys());
  await kept.start();
  return {
    app,
    service,
    url,
    port: Number(new URL(url).port),
    kept,
    faults,
    runCount: () => service.runs,
    bytesRead: () => [...sockets].reduce((sum, { bytesRead }) => sum + bytesRead, 0),
    log: () => lines.join(""),
    post: async (path, body) =>
      request(`${url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    async [Symbol.asyncDispose]() {
      await app.close();
      await kept.close();
      await observers.close();
      await service.close();
    },
  };
}

export async function request(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : (JSON.parse(text) as unknown),
  };
}

export interface RawConnection {
  readonly socket: Socket;
  /** Resolves with all that arrived, as soon as the connection is closed. */
  readonly closed: Promise<string>;
}

/** A connection that speaks what a test writes, HTTP or not. */
export function rawConnection(port: number): RawConnection {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  const closed = new Promise<string>((resolve) => {
    socket.on("close", () => {
      resolve(Buffer.concat(chunks).toString());
    });
    // A reset is an end as well; `close` follows.
    socket.on("error", () => undefined);
  });
  return { socket, closed };
}

/** The bytes of a POST with a JSON body. */
export function rawPost(path: string, body: unknown, headers: readonly string[] = []): string {
  const text = JSON.stringify(body);
  return [
    `POST ${path} HTTP/1.1`,
    "host: localhost",
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(text)}`,
    ...headers,
    "",
    text,
  ].join("\r\n");
}
