/**
 * @module
 * Something that there is a bounded amount of, and that several want: bytes of memory, places. Who is
 * alone may have all of it; where it is full, who has less than an even share may still have that.
 */

/** With k holders at most `most` × (1 + ln k) + k is held: each had at most its share when it came. */
export class FairShare {
  readonly #most: number;
  readonly #byHolder = new Map<string, number>();
  #held = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get held(): number {
    return this.#held;
  }

  /** Whether there is room for all, or the holder has its even share then, or less. */
  hasRoom(holder: string, amount: number): boolean {
    if (this.#held + amount <= this.#most) return true;
    const own = this.#byHolder.get(holder) ?? 0;
    const holders = this.#byHolder.size + (own === 0 ? 1 : 0);
    return own + amount <= Math.ceil(this.#most / holders);
  }

  /** @param amount Below zero: gives so much back. */
  add(holder: string, amount: number): void {
    this.#held += amount;
    const own = (this.#byHolder.get(holder) ?? 0) + amount;
    if (own === 0) this.#byHolder.delete(holder);
    else this.#byHolder.set(holder, own);
  }
}
