/**
 * @module
 * What executions that are accepted and have not ended take of what all callers have in common: their
 * number, and the bytes of their requests, each of which is kept until it is run.
 */
import { FairShare } from "../../util/fair-share.ts";
import { tooManyPending, tooManyPendingBytes } from "./refusals.ts";

export interface PendingBounds {
  /** Executions of all callers. */
  readonly maxPending: number;
  /** Of their requests. */
  readonly maxPendingBytes: number;
}

export interface PendingEntry {
  readonly callerId: string;
  readonly bytes: number;
}

export class PendingShares {
  readonly #bounds: PendingBounds;
  readonly #executions: FairShare;
  readonly #bytes: FairShare;

  constructor(bounds: PendingBounds) {
    this.#bounds = bounds;
    this.#executions = new FairShare(bounds.maxPending);
    this.#bytes = new FairShare(bounds.maxPendingBytes);
  }

  /**
   * Takes room for all, or for none.
   *
   * @returns Gives it back.
   * @throws {GloveboxError} `CAPACITY_EXHAUSTED`
   */
  take(entries: readonly PendingEntry[]): () => void {
    const taken: (() => void)[] = [];
    const release = (): void => {
      for (const each of taken) each();
    };
    for (const entry of entries) {
      const refusal = this.#refusal(entry);
      if (refusal !== undefined) {
        release();
        throw refusal;
      }
      taken.push(this.add(entry));
    }
    return release;
  }

  /** For what was accepted before: it is there, whether there is room or not. @returns Gives it back. */
  add({ callerId, bytes }: PendingEntry): () => void {
    this.#executions.add(callerId, 1);
    this.#bytes.add(callerId, bytes);
    return () => {
      this.#executions.add(callerId, -1);
      this.#bytes.add(callerId, -bytes);
    };
  }

  #refusal({ callerId, bytes }: PendingEntry): Error | undefined {
    const { maxPending, maxPendingBytes } = this.#bounds;
    if (!this.#executions.hasRoom(callerId, 1)) return tooManyPending(maxPending);
    if (!this.#bytes.hasRoom(callerId, bytes)) return tooManyPendingBytes(maxPendingBytes);
    return undefined;
  }
}
