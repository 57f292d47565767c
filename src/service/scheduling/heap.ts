/**
 * @module
 * A set that knows its first item, by an order that may change while items are in it.
 */

/** A binary heap. `put` and `delete` take time in the logarithm of its size, the rest is constant. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #positions = new Map<T, number>();
  readonly #isBefore: (a: T, b: T) => boolean;

  /** @param isBefore A strict order; what it says of an item may change just before `put` of that item. */
  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  has(item: T): boolean {
    return this.#positions.has(item);
  }

  /** Adds the item, or gives it the place that it has now. */
  put(item: T): void {
    const position = this.#positions.get(item) ?? this.#items.length;
    this.#settle(item, position);
  }

  /** Without effect where the item is not in it. */
  delete(item: T): void {
    const position = this.#positions.get(item);
    if (position === undefined) return;
    this.#positions.delete(item);
    const last = this.#items.pop() as T;
    if (position < this.#items.length) this.#settle(last, position);
  }

  /** Moves the hole at `position` up or down to where the item belongs. */
  #settle(item: T, position: number): void {
    const risen = this.#rise(item, position);
    this.#place(item, risen === position ? this.#sink(item, position) : risen);
  }

  #rise(item: T, from: number): number {
    let position = from;
    while (position > 0) {
      const above = (position - 1) >> 1;
      const other = this.#items[above] as T;
      if (!this.#isBefore(item, other)) break;
      this.#place(other, position);
      position = above;
    }
    return position;
  }

  #sink(item: T, from: number): number {
    let position = from;
    for (;;) {
      const below = this.#firstBelow(position);
      if (below === undefined) return position;
      const other = this.#items[below] as T;
      if (!this.#isBefore(other, item)) return position;
      this.#place(other, position);
      position = below;
    }
  }

  #firstBelow(position: number): number | undefined {
    const left = 2 * position + 1;
    const right = left + 1;
    if (left >= this.#items.length) return undefined;
    if (right >= this.#items.length) return left;
    return this.#isBefore(this.#items[right] as T, this.#items[left] as T) ? right : left;
  }

  #place(item: T, position: number): void {
    this.#items[position] = item;
    this.#positions.set(item, position);
  }
}
