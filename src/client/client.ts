/**
 * @module
 * A server's v1 API as functions.
 */
import type { CallOptions, Get, ListOptions } from "./calls.ts";
import { adminCalls, type AdminCalls } from "./admin-calls.ts";
import type { AnswerRequest, Answered, AskList } from "./ask-types.ts";
import type { OpenedShare, Share, ShareRequest } from "./share-types.ts";
import { opened, SocketAttachment, type Attachment } from "./attach.ts";
import { follow, type FollowOptions } from "./follow.ts";
import { executionPath, toQuery, Transport, type ApiRequest } from "./transport.ts";
import type {
  BatchAnswer,
  ExecuteAnswer,
  ExecuteRequest,
  Execution,
  ExecutionList,
  ExecutionMessage,
  HealthAnswer,
  InfoAnswer,
  LanguagesAnswer,
  ReadyAnswer,
  SubmitRequest,
} from "./types.ts";
import { webSocketOf, type WebSocketConstructor } from "./web-socket.ts";

export interface ClientOptions {
  /** `http://127.0.0.1:8000`; may have a path, where a proxy adds one. */
  readonly url: string;
  readonly key?: string | undefined;
  /** In place of the global one. */
  readonly fetch?: typeof fetch | undefined;
  /** In place of the global one, for `attach`; Node 20 has none. */
  readonly WebSocket?: WebSocketConstructor | undefined;
  /** How often a request is sent again where that can do no harm; 2 if absent. */
  readonly retries?: number | undefined;
}

export interface SubmitOptions extends CallOptions {
  /** One that is sent twice, also by another client, gives the same execution. Made up if absent. */
  readonly idempotencyKey?: string | undefined;
}

export interface StreamOptions
  extends Omit<FollowOptions, "cursor">, Pick<SubmitOptions, "idempotencyKey"> {}

/** All of them throw {GloveboxApiError}. */
export interface GloveboxClient extends AdminCalls {
  /** Runs a program; a long one needs a connection that holds so long, or `submit` and `wait`. */
  run(request: ExecuteRequest, options?: CallOptions): Promise<ExecuteAnswer>;
  /** Accepts a program, and answers at once. */
  submit(request: SubmitRequest, options?: SubmitOptions): Promise<Execution>;
  submitBatch(requests: readonly SubmitRequest[], options?: CallOptions): Promise<BatchAnswer>;
  /** @param options `waitSeconds`: from 0 to 60, where the end may be near. */
  get(id: string, options?: CallOptions & { readonly waitSeconds?: number }): Promise<Execution>;
  /** Waits for the end, however long it takes. */
  wait(id: string, options?: CallOptions): Promise<Execution>;
  list(options?: ListOptions): Promise<ExecutionList>;
  /** Resolves when it has ended. */
  cancel(id: string, options?: CallOptions): Promise<Execution>;
  /** Forgets an execution that has ended. */
  remove(id: string, options?: CallOptions): Promise<void>;
  /**
   * What happens, to the end; goes on by itself where a connection breaks. Where the server died, output
   * may begin anew: behind a `state` whose `attempts` have grown.
   */
  events(id: string, options?: FollowOptions): AsyncGenerator<ExecutionMessage, void, void>;
  /**
   * Submits a program, and gives what happens from then on, in one request; the first message, a
   * `state`, has its id. Who ends this does not end the execution.
   */
  stream(
    request: SubmitRequest,
    options?: StreamOptions,
  ): AsyncGenerator<ExecutionMessage, void, void>;
  /** What happens, and a way to type into it. Does not go on by itself, see `cursor`. */
  attach(id: string, options?: FollowOptions): Promise<Attachment>;
  /** What programs ask now. @param options `executionId`: of this one. */
  asks(options?: CallOptions & { readonly executionId?: string }): Promise<AskList>;
  /** The first answer counts: a later one is `CONFLICT`. */
  answer(askId: string, answer: AnswerRequest, options?: CallOptions): Promise<Answered>;
  /** Keeps a program behind a link. */
  share(request: ShareRequest, options?: CallOptions): Promise<Share>;
  openShare(id: string, options?: CallOptions): Promise<OpenedShare>;
  /** @param deleteKey As `share` told it; absent where the client's own key may remove it. */
  removeShare(id: string, deleteKey?: string, options?: CallOptions): Promise<void>;
  languages(options?: CallOptions): Promise<LanguagesAnswer>;
  info(options?: CallOptions): Promise<InfoAnswer>;
  health(options?: CallOptions): Promise<HealthAnswer>;
  /** Whether a sandbox really starts there. */
  ready(options?: CallOptions): Promise<ReadyAnswer>;
}

const DEFAULT_RETRIES = 2;
/** Below what proxies allow an answer. */
const WAIT_SECONDS = 30;

/** @throws {TypeError} where the address or the key is none. */
export function createClient(options: ClientOptions): GloveboxClient {
  const base = toBase(options.url);
  checkKey(options.key);
  const transport = new Transport({
    base,
    key: options.key,
    // The global one may be replaced later, as tests do, and must not be called as a method.
    fetch: options.fetch ?? (async (...args) => fetch(...args)),
    retries: options.retries ?? DEFAULT_RETRIES,
  });
  const get = <T>(path: string, { signal }: CallOptions, more: Partial<ApiRequest> = {}) =>
    transport.json<T>({ method: "GET", path, repeat: "anytime", signal, ...more });
  const client: GloveboxClient = {
    ...executionCalls(transport, get),
    attach: async (id, follow = {}) => attach(client, options, base, id, follow),
    asks: async ({ executionId, ...call } = {}) =>
      get(executionId === undefined ? "/v1/asks" : executionPath(executionId, "/asks"), call),
    answer: async (askId, body, { signal } = {}) => {
      const path = `/v1/asks/${encodeURIComponent(askId)}`;
      return transport.json({ method: "POST", path, body, repeat: "not-begun", signal });
    },
    ...shareCalls(transport, get),
    ...adminCalls(transport, get),
    languages: async (call = {}) => get("/v1/languages", call),
    info: async (call = {}) => get("/v1/info", call),
    health: async (call = {}) => get("/health", call),
    ready: async (call = {}) => get("/ready", call, { isAnswer }),
  };
  return client;
}

function executionCalls(
  transport: Transport,
  get: Get,
): Pick<
  GloveboxClient,
  | "run"
  | "submit"
  | "submitBatch"
  | "get"
  | "wait"
  | "list"
  | "cancel"
  | "remove"
  | "events"
  | "stream"
> {
  const post = { method: "POST" } as const;
  const look: GloveboxClient["get"] = async (id, { waitSeconds, ...call } = {}) =>
    get(executionPath(id, "", { wait: waitSeconds }), call);
  return {
    run: async (body, { signal } = {}) =>
      transport.json({ ...post, path: "/v1/execute", body, repeat: "not-begun", signal }),
    submit: async (body, { idempotencyKey = makeKey(), signal } = {}) => {
      const headers = { "idempotency-key": idempotencyKey };
      const repeat = "anytime";
      return transport.json({ ...post, path: "/v1/executions", body, headers, repeat, signal });
    },
    submitBatch: async (executions, { signal } = {}) => {
      const path = "/v1/executions/batch";
      return transport.json({ ...post, path, body: { executions }, repeat: "not-begun", signal });
    },
    get: look,
    wait: async (id, call = {}) => {
      for (;;) {
        const execution = await look(id, { ...call, waitSeconds: WAIT_SECONDS });
        if (execution.state !== "queued" && execution.state !== "running") return execution;
      }
    },
    list: async ({ ids, state, limit, cursor, ...call } = {}) =>
      get(`/v1/executions${toQuery({ state, limit, cursor, ids: ids?.join() })}`, call),
    cancel: async (id, { signal } = {}) =>
      transport.json({ ...post, path: executionPath(id, "/cancel"), repeat: "anytime", signal }),
    remove: async (id, { signal } = {}) => {
      const path = executionPath(id);
      await transport.json({ method: "DELETE", path, repeat: "not-begun", signal });
    },
    events: (id, options = {}) => follow(transport, { id }, options),
    stream: (body, { idempotencyKey = makeKey(), ...options } = {}) =>
      follow(transport, { body, idempotencyKey }, options),
  };
}

const sharePath = (id: string): string => `/v1/shares/${encodeURIComponent(id)}`;

function shareCalls(
  transport: Transport,
  get: Get,
): Pick<GloveboxClient, "share" | "openShare" | "removeShare"> {
  return {
    share: async (body, { signal } = {}) =>
      transport.json({ method: "POST", path: "/v1/shares", body, repeat: "not-begun", signal }),
    openShare: async (id, call = {}) => get(sharePath(id), call),
    removeShare: async (id, deleteKey, { signal } = {}) => {
      const headers = deleteKey === undefined ? {} : { "share-delete-key": deleteKey };
      const path = sharePath(id);
      await transport.json({ method: "DELETE", path, headers, repeat: "not-begun", signal });
    },
  };
}

async function attach(
  client: GloveboxClient,
  { key, WebSocket: given }: ClientOptions,
  base: string,
  id: string,
  { cursor, signal }: FollowOptions,
): Promise<Attachment> {
  signal?.throwIfAborted();
  const WebSocket = webSocketOf(given);
  const url = `${base.replace(/^http/, "ws")}${executionPath(id, "/attach", { cursor })}`;
  // The one way of a key that browsers leave.
  const socket = new WebSocket(url, key === undefined ? [] : [key]);
  const attachment = new SocketAttachment(socket, cursor, signal);
  try {
    await opened(socket);
    return attachment;
  } catch (error) {
    signal?.throwIfAborted();
    // An ordinary request is told what is wrong.
    await client.get(id, { signal });
    throw error;
  }
}

/** Begins with `http:` or `https:`, in lower case; has no slash at its end. */
function toBase(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(
      `url: must be an address that begins with http:// or https://, not ${text}`,
    );
  }
  // It is not shown: it may have a secret.
  if (url.username + url.password + url.search + url.hash !== "") {
    throw new TypeError("url: must end with the path, and have no user; a key is given as `key`");
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

/** It is not shown. */
function checkKey(key: string | undefined): void {
  if (key === undefined || /^[\x21-\x7e]+$/.test(key)) return;
  throw new TypeError("key: must be one, of printable ASCII characters without blanks");
}

/** `randomUUID` is missing in pages that came over plain HTTP. */
function makeKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const isAnswer = (body: unknown): boolean =>
  (body as Partial<ReadyAnswer> | undefined)?.ready === false;
