/**
 * @module
 * Sandboxes kept ready, for one use each. What was asked for lately is there once more: a taken one is
 * replaced by one of its kind, and the kind that nobody has asked for longest makes room. New ones are
 * made while nothing runs, or when none of a kind is left: making one costs more than most programs, and
 * would slow down those that run.
 */

import type { PoolKind, PoolStats } from "../core/provider.ts";
import type { DestroyBacklog } from "./destroy-backlog.ts";

/** A thing that is ready to be used. */
export interface Poolable {
  /** Whether it can still be used. */
  isAlive(): boolean;
  /** What it holds while it waits. Absent: not known, and not counted. */
  readonly memoryBytes?: number;
  destroy(): Promise<void>;
}

export interface PoolOptions<T extends Poolable> {
  /** Ready ones in all; 0: none is ever kept. */
  readonly size: number;
  /** Of all ready ones together. Absent: no bound. */
  readonly mostBytes?: number;
  /** What nobody took in this time is destroyed and not replaced. */
  readonly maxAgeMs: number;
  /** New ones made at the same time, so that they don't slow down what runs. */
  readonly parallel: number;
  /**
   * While something runs, a kind of which none is left waits so long for its turn: what runs may end
   * sooner. Absent: not at all.
   */
  readonly patienceMs?: number;
  /** Counts those that nobody took; new ones are made while it has room. */
  readonly backlog: DestroyBacklog;
  /** @param isIdle Nothing runs that it would slow down. */
  readonly make: (key: string, signal: AbortSignal, isIdle: boolean) => Promise<T>;
}

export interface TakeOptions {
  /** Of a kind that is rarely asked for twice: one is made only for who has asked before. Default: false. */
  readonly isRare?: boolean;
}

/** Kinds of which something is remembered: that they were asked for, or can't be kept. */
const MAX_RARE = 256;
/** A kind that could not be made so often in a row is left alone for a while. */
const MAX_FAILURES = 3;
const UNFIT_MS = 60_000;

/** What was taken, or made without the pool, is in use until this is called. */
export type Done = () => void;

interface Ready<T> {
  readonly key: string;
  readonly item: T;
  readonly sinceMs: number;
  readonly timer: NodeJS.Timeout;
}

export class Pool<T extends Poolable> {
  readonly #options: PoolOptions<T>;
  /** The one that is thrown away first comes first. */
  readonly #ready = new Set<Ready<T>>();
  /** Keys to make one of, the most urgent last. */
  #wanted: string[] = [];
  #patience: NodeJS.Timeout | undefined;
  #isPatient = true;
  readonly #making = new Set<Promise<void>>();
  readonly #ending = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  readonly #rare = new Set<string>();
  /** Kinds of which one alone is more than all may hold, or of which none comes about. */
  readonly #unfitUntilMs = new Map<string, number>();
  /** By kind: how often in a row it could not be made. */
  readonly #failures = new Map<string, number>();
  #inUse = 0;
  #readyBytes = 0;
  #hits = 0;
  #misses = 0;
  #made = 0;
  #makeMs = 0;

  constructor(options: PoolOptions<T>) {
    this.#options = options;
  }

  /** One of this kind if there is one; another is made for the next who asks. */
  take(key: string, { isRare = false }: TakeOptions = {}): T | undefined {
    const { size } = this.#options;
    if (size === 0 || this.#closing.signal.aborted) return undefined;
    const taken = this.#takeReady(key);
    if (taken === undefined) this.#misses += 1;
    else this.#hits += 1;
    if (this.#isUnfit(key) || (isRare && this.#isFirst(key))) return taken;
    this.#refresh(key);
    this.#wanted.push(key);
    this.#wanted = this.#wanted.slice(-size);
    this.#makeWanted();
    this.#waitPatiently();
    return taken;
  }

  stats(): PoolStats {
    return {
      ready: this.#ready.size,
      readyBytes: this.#readyBytes,
      oldestMs: this.#oldestMs(),
      hits: this.#hits,
      misses: this.#misses,
      made: this.#made,
      makeMs: this.#makeMs,
    };
  }

  /**
   * Those that are ready, and those to be made: as many as fit at most.
   *
   * @param nameOf Of a key. What has the same name is one.
   */
  kinds(nameOf: (key: string) => string): readonly PoolKind[] {
    const kinds = new Map<string, { ready: number; wanted: number }>();
    const count = (key: string, which: "ready" | "wanted"): void => {
      const name = nameOf(key);
      const kind = kinds.get(name) ?? { ready: 0, wanted: 0 };
      kind[which] += 1;
      kinds.set(name, kind);
    };
    for (const { key } of this.#ready) count(key, "ready");
    for (const key of this.#wanted) count(key, "wanted");
    return [...kinds].map(([name, counts]) => ({ name, ...counts }));
  }

  /** Tells that something runs, until the answer is called; idempotent. */
  begin(): Done {
    this.#inUse += 1;
    let isDone = false;
    return () => {
      if (isDone) return;
      isDone = true;
      this.#inUse -= 1;
      this.#makeWanted();
    };
  }

  /** Destroys all, and waits for that. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#patience);
    this.#wanted = [];
    await Promise.allSettled(this.#making);
    for (const entry of [...this.#ready]) this.#discard(entry);
    await Promise.allSettled(this.#ending);
  }

  #oldestMs(): number {
    const nowMs = performance.now();
    // They are in the order in which they go, not in that of their ages.
    return Math.max(0, ...[...this.#ready].map(({ sinceMs }) => nowMs - sinceMs));
  }

  #isFirst(key: string): boolean {
    const isKnown = this.#rare.delete(key);
    this.#rare.add(key);
    for (const oldest of this.#rare) {
      if (this.#rare.size <= MAX_RARE) break;
      this.#rare.delete(oldest);
    }
    return !isKnown;
  }

  #takeReady(key: string): T | undefined {
    for (const entry of this.#ready) {
      if (entry.key !== key) continue;
      if (!entry.item.isAlive()) {
        this.#discard(entry);
        continue;
      }
      this.#forget(entry);
      return entry.item;
    }
    return undefined;
  }

  /** What was asked for last is thrown away last. */
  #refresh(key: string): void {
    for (const entry of [...this.#ready]) {
      if (entry.key !== key) continue;
      this.#ready.delete(entry);
      this.#ready.add(entry);
    }
  }

  #makeWanted(): void {
    while (this.#making.size < this.#options.parallel) {
      const key = this.#nextWanted();
      if (key === undefined) return;
      const making = this.#makeOne(key);
      this.#making.add(making);
      void making.then(() => {
        this.#making.delete(making);
        this.#makeWanted();
      });
    }
  }

  #waitPatiently(): void {
    const { patienceMs } = this.#options;
    if (patienceMs === undefined || this.#patience !== undefined) return;
    this.#patience = setTimeout(() => {
      this.#patience = undefined;
      this.#isPatient = false;
      this.#makeWanted();
      this.#isPatient = true;
    }, patienceMs).unref();
  }

  #nextWanted(): string | undefined {
    const isIdle = this.#inUse === 0;
    if (!isIdle && this.#isPatient && this.#options.patienceMs !== undefined) return undefined;
    const ready = new Set([...this.#ready].map(({ key }) => key));
    const at = this.#wanted.findLastIndex((key) => isIdle || !ready.has(key));
    return at < 0 ? undefined : this.#wanted.splice(at, 1)[0];
  }

  /** A failure is no news: who asks next makes one without the pool, and is told then. */
  async #makeOne(key: string): Promise<void> {
    const { make, backlog } = this.#options;
    const { signal } = this.#closing;
    try {
      await backlog.room(signal);
      const startedMs = performance.now();
      const item = await make(key, signal, this.#inUse === 0);
      this.#made += 1;
      this.#makeMs += performance.now() - startedMs;
      this.#failures.delete(key);
      this.#keep(key, item);
    } catch {
      this.#wanted = this.#wanted.filter((wanted) => wanted !== key);
      if (!signal.aborted) this.#countFailure(key);
    }
  }

  #countFailure(key: string): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    if (this.#failures.size >= MAX_RARE) this.#failures.clear();
    this.#failures.set(key, failures);
    if (failures >= MAX_FAILURES) this.#giveUp(key, performance.now() + UNFIT_MS);
  }

  #giveUp(key: string, untilMs: number): void {
    if (this.#unfitUntilMs.size >= MAX_RARE) this.#unfitUntilMs.clear();
    this.#unfitUntilMs.set(key, untilMs);
  }

  #isUnfit(key: string): boolean {
    return performance.now() < (this.#unfitUntilMs.get(key) ?? 0);
  }

  #keep(key: string, item: T): void {
    const timer = setTimeout(() => {
      this.#discard(entry);
    }, this.#options.maxAgeMs).unref();
    const entry: Ready<T> = { key, item, sinceMs: performance.now(), timer };
    this.#ready.add(entry);
    this.#readyBytes += item.memoryBytes ?? 0;
    const { size, mostBytes = Infinity } = this.#options;
    // Made again and again it would never be there.
    if ((item.memoryBytes ?? 0) > mostBytes) this.#giveUp(key, Infinity);
    for (const oldest of this.#ready) {
      if (this.#ready.size <= size && this.#readyBytes <= mostBytes) break;
      this.#discard(oldest);
    }
  }

  #forget(entry: Ready<T>): void {
    clearTimeout(entry.timer);
    this.#ready.delete(entry);
    this.#readyBytes -= entry.item.memoryBytes ?? 0;
  }

  #discard(entry: Ready<T>): void {
    this.#forget(entry);
    const ending = this.#options.backlog.add(entry.item.destroy());
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
  }
}
