/**
 * @module
 * Tells callers' addresses of the ends of their executions: signed, again and again with growing
 * pauses, and also after a restart.
 */
import { createHmac } from "node:crypto";
import type { CallbacksStore, DueCallback } from "../../storage/callbacks-store.ts";
import { NotPublicError, sendOutbound } from "../../util/outbound-request.ts";
import { callbackSecret } from "./callback-secret.ts";
import type { Executions } from "./executions.ts";
import { maxTimerMs } from "../../util/max-timer-ms.ts";

export interface CallbackSettings {
  /** Whether they may go to addresses that are not of the public Internet. */
  readonly allowPrivate: boolean;
  /** Of one attempt. */
  readonly timeoutMs: number;
  readonly maxAttempts: number;
}

export interface CallbackDeliveryOptions extends CallbackSettings {
  readonly store: CallbacksStore;
  readonly executions: Pick<Executions, "find" | "result" | "kind">;
  /** Of this server; the secrets of callers are made of it. */
  readonly secret: Uint8Array;
  /** `failure` comes with `failed`. */
  readonly onAttempt?: ((attempt: CallbackAttempt, failure?: CallbackFailure) => void) | undefined;
}

/** For the log: of the address, the host alone. */
export interface CallbackFailure {
  readonly execution: string;
  readonly host: string;
  readonly attempts: number;
  readonly reason: string;
}

/** `retried`: it failed, and will be tried again. `failed`: it won't. */
export type CallbackAttempt = "delivered" | "retried" | "failed";

const PARALLEL = 8;
/** An address that swallows what it is sent holds a place until its time is over: others need some. */
const PARALLEL_OF_ONE_CALLER = PARALLEL / 2;
const FIRST_PAUSE_MS = 1000;
/** 1 s, 5 s, 25 s, 2 min, 10 min, then an hour each. */
const PAUSE_FACTOR = 5;
const MAX_PAUSE_MS = 3_600_000;
/** When the database can't be asked. */
const RETRY_MS = 5000;

/**
 * The header `Glovebox-Signature`: `t=SECONDS,v1=HEX`, the HMAC-SHA256 of `SECONDS.BODY` with the
 * caller's secret. The time is signed, so that what was overheard can't be sent again much later.
 */
export function signCallback(secret: string, body: string, seconds: number): string {
  const mac = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
  return `t=${seconds},v1=${mac}`;
}

export class CallbackDelivery {
  readonly #options: CallbackDeliveryOptions;
  readonly #closing = new AbortController();
  /** By the ids of executions. */
  readonly #sending = new Map<
    string,
    { readonly callerId: string; readonly done: Promise<void> }
  >();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CallbackDeliveryOptions) {
    this.#options = options;
  }

  /** Looks for what is due; to be called when an execution has ended, and once at the start. */
  wake(): void {
    if (this.#closing.signal.aborted) return;
    clearTimeout(this.#timer);
    try {
      const now = Date.now();
      while (this.#sending.size < PARALLEL && this.#beginNext(now));
      // The end of one of them wakes.
      if (this.#sending.size >= PARALLEL) return;
      const nextAt = this.#options.store.nextDueAt();
      if (nextAt !== undefined && nextAt > now) this.#wakeIn(nextAt - now);
    } catch {
      this.#wakeIn(RETRY_MS);
    }
  }

  /** What was not delivered yet is tried again by the next start. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the server is stopping"));
    clearTimeout(this.#timer);
    await Promise.allSettled([...this.#sending.values()].map(({ done }) => done));
  }

  #wakeIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.wake();
      },
      Math.min(ms, maxTimerMs),
    ).unref();
  }

  /** By turns: of a caller for whom the fewest are being sent. @returns Whether there was one. */
  #beginNext(now: number): boolean {
    const { store } = this.#options;
    const sendingOf = (callerId: string): number =>
      [...this.#sending.values()].filter((each) => each.callerId === callerId).length;
    const callers = store
      .dueCallers(now)
      .map((callerId) => ({ callerId, sending: sendingOf(callerId) }))
      .filter(({ sending }) => sending < PARALLEL_OF_ONE_CALLER)
      .sort((a, b) => a.sending - b.sending);
    for (const { callerId } of callers) {
      const due = store
        .due(callerId, now, PARALLEL_OF_ONE_CALLER)
        .find(({ executionId }) => !this.#sending.has(executionId));
      if (due === undefined) continue;
      this.#begin(callerId, due);
      return true;
    }
    return false;
  }

  #begin(callerId: string, due: DueCallback): void {
    const sending = this.#deliver(due).then(
      () => true,
      () => false,
    );
    const done = sending.then((isKept) => {
      this.#sending.delete(due.executionId);
      if (isKept) this.wake();
      else this.#wakeIn(RETRY_MS);
    });
    this.#sending.set(due.executionId, { callerId, done });
  }

  async #deliver(due: DueCallback): Promise<void> {
    const { store, maxAttempts, onAttempt } = this.#options;
    try {
      await this.#send(due);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      const attempts = due.attempts + 1;
      const message = (error instanceof Error ? error.message : String(error)).slice(0, 500);
      // Where it may not go it may not go later.
      const isLast = attempts >= maxAttempts || error instanceof NotPublicError;
      if (isLast) onAttempt?.("failed", failureOf(due, attempts, message));
      else onAttempt?.("retried");
      const pauseMs = Math.min(FIRST_PAUSE_MS * PAUSE_FACTOR ** due.attempts, MAX_PAUSE_MS);
      const nextAt = isLast ? undefined : Date.now() + pauseMs;
      await store.failedOnce(due.executionId, message, nextAt);
      return;
    }
    onAttempt?.("delivered");
    await store.delivered(due.executionId);
  }

  /** @throws {Error} For all but a status of 2xx. */
  async #send({ executionId, url }: DueCallback): Promise<void> {
    const { executions, secret, allowPrivate, timeoutMs } = this.#options;
    const info = executions.find(executionId);
    const request = executions.kind(info.kind)?.callback?.(info, executions.result(executionId));
    if (request === undefined) throw new Error(`executions of ${info.kind} have no callback`);
    const { method, body } = request;
    const key = callbackSecret(secret, info.callerId);
    const { status } = await sendOutbound(
      {
        url: new URL(url),
        method,
        headers: {
          "content-type": "application/json",
          "user-agent": "glovebox",
          "glovebox-execution-id": executionId,
          "glovebox-signature": signCallback(key, body, Math.floor(Date.now() / 1000)),
        },
        body,
        timeoutMs,
        maxAnswerBytes: 0,
        allowPrivate,
      },
      this.#closing.signal,
    );
    if (status < 200 || status > 299) throw new Error(`the answer was ${status}`);
  }
}

function failureOf(
  { executionId, url }: DueCallback,
  attempts: number,
  reason: string,
): CallbackFailure {
  return { execution: executionId, host: new URL(url).host, attempts, reason };
}
