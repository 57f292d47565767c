/**
 * @module
 * Sends executions to servers that come and go, remembers what was accepted, and checks what became
 * of it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "./http-fixture.ts";

/** As the v1 API shows it. */
export interface ExecutionJson {
  readonly id: string;
  readonly state: "queued" | "running" | "finished" | "failed" | "canceled";
  readonly attempts: number;
  readonly result?: { readonly run: { readonly stdout: string; readonly outcome: string } };
  readonly error?: { readonly code: string };
}

export interface SenderOptions {
  readonly pauseMs: number;
  /** Where each of its executions that has an idempotency key is told of. */
  readonly callbackUrl: string;
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const BATCH = 3;
const BATCH_SHARE = 0.2;
const KEYED_SHARE = 0.5;
const ANSWER_MS = 30_000;
const PAGE = 100;
/** What a server begins that often, and dies each time, it gives up. */
const MAX_ATTEMPTS = 3;

export class Ledger {
  readonly #random: () => number;
  readonly #program: (token: string) => object;
  readonly #onMoment: () => void;
  /** By id. */
  readonly #accepted = new Map<string, string>();
  /** Tokens of what was sent and not answered. */
  readonly #unknown = new Set<string>();
  readonly #withCallback = new Set<string>();
  readonly #faults: string[] = [];
  #at: string | undefined;
  #waiting: (() => void)[] = [];
  #isStopped = false;
  #sent = 0;
  #replayed = 0;

  /**
   * @param program The body of an execution that writes its token and a line break.
   * @param onMoment Called when something is sent, and when it is accepted.
   */
  constructor(random: () => number, program: (token: string) => object, onMoment: () => void) {
    this.#random = random;
    this.#program = program;
    this.#onMoment = onMoment;
  }

  /** The server that is there now; undefined: none. */
  set at(url: string | undefined) {
    this.#at = url;
    if (url === undefined) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Those who send end after what they are at. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Sends until `stop`: alone, with a key and again until it is answered, or some at once. */
  async send({ pauseMs, callbackUrl }: SenderOptions): Promise<void> {
    while (!this.#isStopped) {
      const kind = this.#random();
      if (kind < BATCH_SHARE) await this.#sendBatch();
      else if (kind < BATCH_SHARE + KEYED_SHARE) await this.#sendKeyed(callbackUrl);
      else await this.#sendAlone();
      await sleep(this.#random() * pauseMs);
    }
  }

  /** All that the server knows, newest first, once all of them have ended, or a minute later. */
  async settled(url: string): Promise<readonly ExecutionJson[]> {
    const ids = (await this.#list(url)).map(({ id }) => id);
    await Promise.all(ids.map((id) => request(`${url}/v1/executions/${id}?wait=60`)));
    const pages = Array.from({ length: Math.ceil(ids.length / PAGE) }, async (_, page) => {
      const some = ids.slice(page * PAGE, (page + 1) * PAGE).join(",");
      const { body } = await request(`${url}/v1/executions?ids=${some}`);
      return (body as { executions: readonly ExecutionJson[] }).executions;
    });
    return (await Promise.all(pages)).flat();
  }

  /** @param runs How often programs said each token. */
  faults(
    executions: readonly ExecutionJson[],
    runs: ReadonlyMap<string, number>,
  ): readonly string[] {
    const kept = new Set(executions.map(({ id }) => id));
    const lost = [...this.#accepted].filter(([id]) => !kept.has(id));
    const tokens = new Set<string>();
    const wrong = executions.flatMap((execution) => {
      const token = this.#tokenOf(execution);
      const said = runs.get(token ?? "") ?? 0;
      const problem =
        endFault(execution, token, said) ?? (token && tokens.has(token) && "is double");
      if (token !== undefined) tokens.add(token);
      return problem
        ? [`${token} ${problem}: said ${said} times, ${JSON.stringify(execution)}`]
        : [];
    });
    return [...this.#faults, ...lost.map(([id, token]) => `${token} ${id} is lost`), ...wrong];
  }

  hasCallback(id: string): boolean {
    return this.#withCallback.has(id);
  }

  summary(executions: readonly ExecutionJson[]): string {
    const count = (test: (execution: ExecutionJson) => boolean): number =>
      executions.filter(test).length;
    return [
      `${this.#accepted.size} accepted`,
      `${this.#replayed} of them kept by a server that could not say so any more`,
      `${executions.length - this.#accepted.size} of ${this.#unknown.size} without an answer kept`,
      `${count(({ attempts }) => attempts > 1)} begun more than once`,
      `${count(({ state }) => state === "failed")} given up`,
    ].join(", ");
  }

  /** Of one whose sender got no answer it is known by what it wrote. */
  #tokenOf({ id, result }: ExecutionJson): string | undefined {
    const token = this.#accepted.get(id);
    if (token !== undefined || result === undefined) return token;
    const written = result.run.stdout.trim();
    return this.#unknown.has(written) ? written : undefined;
  }

  async #sendAlone(): Promise<void> {
    const token = this.#newToken();
    const answer = await this.#post("/v1/executions", this.#program(token));
    if (answer === undefined) this.#unknown.add(token);
    else this.#accept(token, answer as ExecutionJson);
  }

  async #sendKeyed(callbackUrl: string): Promise<void> {
    const token = this.#newToken();
    const body = { ...this.#program(token), callback_url: callbackUrl };
    const headers = { "idempotency-key": token };
    let answer: unknown;
    while (answer === undefined) answer = await this.#post("/v1/executions", body, headers);
    const execution = answer as ExecutionJson;
    this.#withCallback.add(execution.id);
    this.#accept(token, execution);
  }

  async #sendBatch(): Promise<void> {
    const tokens = Array.from({ length: BATCH }, () => this.#newToken());
    const executions = tokens.map((token) => this.#program(token));
    const answer = await this.#post("/v1/executions/batch", { executions });
    const accepted = (answer as { executions: readonly ExecutionJson[] } | undefined)?.executions;
    tokens.forEach((token, index) => {
      const execution = accepted?.[index];
      if (execution === undefined) this.#unknown.add(token);
      else this.#accept(token, execution);
    });
  }

  #newToken(): string {
    return `token-${++this.#sent}`;
  }

  #accept(token: string, { id }: ExecutionJson): void {
    if (this.#accepted.has(id)) this.#faults.push(`${token} has the id ${id} of another`);
    this.#accepted.set(id, token);
    this.#onMoment();
  }

  /** @returns The answer; undefined where none came. */
  async #post(
    path: string,
    body: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    const url = await this.#server();
    try {
      this.#onMoment();
      const answer = await request(`${url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      if (answer.headers.has("idempotent-replayed")) this.#replayed += 1;
      if (answer.status === 202) return answer.body;
      this.#faults.push(`${path} was answered ${answer.status} ${JSON.stringify(answer.body)}`);
    } catch (error) {
      // So does a server that is killed end a request; one that hangs is another thing.
      if ((error as Error).name === "TimeoutError") this.#faults.push(`${path} was not answered`);
    }
    return undefined;
  }

  async #server(): Promise<string> {
    while (this.#at === undefined) {
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
    return this.#at;
  }

  async #list(url: string): Promise<readonly ExecutionJson[]> {
    const found: ExecutionJson[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const { body } = await request(`${url}/v1/executions?limit=${PAGE}${cursor}`);
      const page = body as { executions: readonly ExecutionJson[]; next_cursor: string | null };
      found.push(...page.executions);
      cursor = page.next_cursor === null ? null : `&cursor=${page.next_cursor}`;
    }
    return found;
  }
}

/** What is wrong with the end of one, and with how often it ran; undefined: nothing. */
function endFault(
  { state, attempts, result, error }: ExecutionJson,
  token: string | undefined,
  said: number,
): string | undefined {
  if (said > attempts) return "ran more often than it was begun";
  switch (state) {
    case "finished":
      if (token === undefined) return "is nobody's";
      if (result?.run.stdout !== `${token}\n`) return "has another result";
      return said === 0 ? "has not run" : undefined;
    case "failed":
      return error?.code === "EXECUTION_LOST" && attempts === MAX_ATTEMPTS ? undefined : "failed";
    case "canceled":
    case "queued":
    case "running":
      return `is ${state}`;
  }
}
