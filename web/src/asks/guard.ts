/**
 * @module
 * Against answers by accident: a click or a key that was on its way somewhere else answers nothing.
 */

/** From when a card stands where it stands. */
export const GUARD_MS = 500;

export interface Press {
  /** When the button was pressed down, or the key; undefined where a screen reader clicked. */
  readonly begunMs: number | undefined;
  readonly nowMs: number;
  /** When the cards last came, went or moved. */
  readonly stillSinceMs: number;
}

export function isMeant({ begunMs, nowMs, stillSinceMs }: Press): boolean {
  return (begunMs ?? nowMs) >= stillSinceMs + GUARD_MS;
}
