/**
 * @module
 * Containers kept ready, for one use each. What was asked for lately is there once more: a taken
 * container is replaced by one of its kind, and the kind that nobody has asked for longest makes room.
 * New ones are made while nothing runs, or when none of a kind is left: making one costs more than
 * most programs, and would slow down those that run.
 */

import type { PoolStats } from "../../core/provider.ts";

/** A thing that is ready to be used. */
export interface Poolable {
  /** Whether it can still be used. */
  isAlive(): boolean;
  destroy(): Promise<void>;
}

export interface PoolOptions<T extends Poolable> {
  /** Ready ones in all; 0: none is ever kept. */
  readonly size: number;
  /** What nobody took in this time is destroyed and not replaced. */
  readonly maxAgeMs: number;
  /** New ones made at the same time, so that they don't slow down what runs. */
  readonly parallel: number;
  readonly make: (key: string, signal: AbortSignal) => Promise<T>;
}

/** What was taken, or made without the pool, is in use until this is called. */
export type Done = () => void;

interface Ready<T> {
  readonly key: string;
  readonly item: T;
  readonly timer: NodeJS.Timeout;
}

export class Pool<T extends Poolable> {
  readonly #options: PoolOptions<T>;
  /** The one that is thrown away first comes first. */
  readonly #ready = new Set<Ready<T>>();
  /** Keys to make one of, the most urgent last. */
  #wanted: string[] = [];
  readonly #making = new Set<Promise<void>>();
  readonly #ending = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  #inUse = 0;
  #hits = 0;
  #misses = 0;

  constructor(options: PoolOptions<T>) {
    this.#options = options;
  }

  /** One of this kind if there is one; another is made for the next who asks. */
  take(key: string): T | undefined {
    const { size } = this.#options;
    if (size === 0 || this.#closing.signal.aborted) return undefined;
    const taken = this.#takeReady(key);
    if (taken === undefined) this.#misses += 1;
    else this.#hits += 1;
    this.#refresh(key);
    this.#wanted.push(key);
    this.#wanted = this.#wanted.slice(-size);
    this.#makeWanted();
    return taken;
  }

  stats(): PoolStats {
    return { ready: this.#ready.size, hits: this.#hits, misses: this.#misses };
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
    this.#wanted = [];
    await Promise.allSettled(this.#making);
    for (const entry of [...this.#ready]) this.#discard(entry);
    await Promise.allSettled(this.#ending);
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

  #nextWanted(): string | undefined {
    const ready = new Set([...this.#ready].map(({ key }) => key));
    const at = this.#wanted.findLastIndex((key) => this.#inUse === 0 || !ready.has(key));
    return at < 0 ? undefined : this.#wanted.splice(at, 1)[0];
  }

  /** A failure is no news: who asks next makes one without the pool, and is told then. */
  async #makeOne(key: string): Promise<void> {
    try {
      const item = await this.#options.make(key, this.#closing.signal);
      this.#keep(key, item);
    } catch {
      this.#wanted = this.#wanted.filter((wanted) => wanted !== key);
    }
  }

  #keep(key: string, item: T): void {
    const timer = setTimeout(() => {
      this.#discard(entry);
    }, this.#options.maxAgeMs).unref();
    const entry: Ready<T> = { key, item, timer };
    this.#ready.add(entry);
    for (const oldest of this.#ready) {
      if (this.#ready.size <= this.#options.size) break;
      this.#discard(oldest);
    }
  }

  #forget(entry: Ready<T>): void {
    clearTimeout(entry.timer);
    this.#ready.delete(entry);
  }

  #discard(entry: Ready<T>): void {
    this.#forget(entry);
    const ending = entry.item.destroy();
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
  }
}
