/**
 * @module
 * Who of those that wait is next: fair between callers, by priority within one.
 */
import { FairShare } from "../../util/fair-share.ts";
import { Heap } from "./heap.ts";

/** What the place of one that waits depends on. */
export interface Place {
  readonly callerId: string;
  /** Higher first, among one caller's own. */
  readonly priority: number;
  /** Its turn comes only while its caller holds fewer slots than this. */
  readonly maxConcurrent: number;
  /** Grows from each to the next. */
  readonly arrival: number;
  /** Whether it takes room in a bounded queue. */
  readonly isCounted: boolean;
}

/** What one caller has of the slots and of the queue. */
export interface CallerShare {
  readonly callerId: string;
  readonly waiting: number;
  /** Slots. */
  readonly held: number;
}

interface CallerState<P extends Place> {
  readonly id: string;
  /** When it came, as an arrival: between callers that were never served. */
  readonly arrival: number;
  readonly waiting: Heap<P>;
  held: number;
  /** The turn in which it last got a slot, 0 for never. */
  servedTurn: number;
}

/**
 * Callers with neither a slot nor one who waits, of whom it is known when they were last served. Who
 * is forgotten counts as never served: first in line, where the one that was served longest ago stands.
 */
const MAX_IDLE_CALLERS = 1000;

/**
 * The turn belongs to the caller with the fewest slots, among those to the one served longest ago.
 * So a caller with neither a slot nor another place waits, once slots are free, for at most one turn
 * of each other caller, however many places these have.
 */
export class FairQueue<P extends Place> {
  readonly #callers = new Map<string, CallerState<P>>();
  /** Callers whose first place may have its turn now. */
  readonly #ready = new Heap<CallerState<P>>(isServedBefore);
  /** Turns in which idle callers were last served, the longest idle first. */
  readonly #idle = new Map<string, number>();
  /** In the order in which they came. */
  readonly #places = new Set<P>();
  #turn = 0;
  readonly #counted: FairShare;

  /** @param maxCounted See `hasRoom`. */
  constructor(maxCounted: number) {
    this.#counted = new FairShare(maxCounted);
  }

  /** Places in the queue. */
  get waiting(): number {
    return this.#places.size;
  }

  /** The one that waits longest. */
  get oldest(): P | undefined {
    const [oldest] = this.#places;
    return oldest;
  }

  /** Of each caller that has something. */
  shares(): CallerShare[] {
    return [...this.#callers.values()].map(({ id, waiting, held }) => {
      return { callerId: id, waiting: waiting.size, held };
    });
  }

  /** The place whose turn it is; undefined where none waits but those of callers at their maximum. */
  get next(): P | undefined {
    return this.#ready.first?.waiting.first;
  }

  has(place: P): boolean {
    return this.#callers.get(place.callerId)?.waiting.has(place) === true;
  }

  /** Whether one more counted place of this caller may wait, see `FairShare.hasRoom`. */
  hasRoom(callerId: string): boolean {
    return this.#counted.hasRoom(callerId, 1);
  }

  add(place: P): void {
    const caller = this.#callers.get(place.callerId) ?? this.#enter(place);
    caller.waiting.put(place);
    this.#places.add(place);
    if (place.isCounted) this.#counted.add(place.callerId, 1);
    this.#settle(caller);
  }

  /** The place leaves without a slot. */
  remove(place: P): void {
    this.#settle(this.#takeOut(place));
  }

  /** The place leaves with a slot, which its caller holds until `release`. */
  serve(place: P): void {
    const caller = this.#takeOut(place);
    this.#turn += 1;
    caller.servedTurn = this.#turn;
    caller.held += 1;
    this.#settle(caller);
  }

  /** A caller that was served holds one slot less. */
  release(callerId: string): void {
    const caller = this.#callers.get(callerId);
    if (caller === undefined) return;
    caller.held -= 1;
    this.#settle(caller);
  }

  #enter({ callerId, arrival }: P): CallerState<P> {
    const caller: CallerState<P> = {
      id: callerId,
      arrival,
      waiting: new Heap<P>(isPlacedBefore),
      held: 0,
      servedTurn: this.#idle.get(callerId) ?? 0,
    };
    this.#idle.delete(callerId);
    this.#callers.set(callerId, caller);
    return caller;
  }

  #takeOut(place: P): CallerState<P> {
    const caller = this.#callers.get(place.callerId);
    if (caller?.waiting.has(place) !== true) throw new Error("this place is not in the queue");
    caller.waiting.delete(place);
    this.#places.delete(place);
    if (place.isCounted) this.#counted.add(place.callerId, -1);
    return caller;
  }

  /** To be called after each change of a caller. */
  #settle(caller: CallerState<P>): void {
    const first = caller.waiting.first;
    if (first !== undefined && caller.held < first.maxConcurrent) this.#ready.put(caller);
    else this.#ready.delete(caller);
    if (first === undefined && caller.held === 0) this.#leave(caller);
  }

  /**
   * Remembers when the caller was served: else one who comes back as soon as it was served would be
   * before all who have waited since.
   */
  #leave({ id, servedTurn }: CallerState<P>): void {
    this.#callers.delete(id);
    if (servedTurn === 0) return;
    this.#idle.set(id, servedTurn);
    if (this.#idle.size <= MAX_IDLE_CALLERS) return;
    const [longest] = this.#idle.keys();
    if (longest !== undefined) this.#idle.delete(longest);
  }
}

type Share = Pick<CallerState<Place>, "arrival" | "held" | "servedTurn">;

function isServedBefore(a: Share, b: Share): boolean {
  if (a.held !== b.held) return a.held < b.held;
  if (a.servedTurn !== b.servedTurn) return a.servedTurn < b.servedTurn;
  return a.arrival < b.arrival;
}

function isPlacedBefore(a: Place, b: Place): boolean {
  return a.priority === b.priority ? a.arrival < b.arrival : a.priority > b.priority;
}
