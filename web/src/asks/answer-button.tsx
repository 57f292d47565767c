/**
 * @module
 * A button that answers, as soon as what it stands at has stood still for half a second.
 */
import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { GUARD_MS, isMeant } from "./guard.ts";

export interface Stillness {
  /** When the cards last came, went or moved, by `performance.now()`. */
  readonly sinceMs: Signal<number>;
  /** Whether they moved just now. */
  readonly look: () => void;
}

/** False for the first half second, and again whenever the cards move. */
export function useStill(sinceMs: Signal<number>): Signal<boolean> {
  const isStill = useSignal(false);
  const since = sinceMs.value;
  useEffect(() => {
    isStill.value = false;
    const waitMs = since + GUARD_MS - performance.now();
    const timer = setTimeout(() => (isStill.value = true), waitMs);
    return () => {
      clearTimeout(timer);
    };
  }, [since]);
  return isStill;
}

interface AnswerButtonProps {
  readonly label: string;
  readonly kind: "allow" | "deny";
  readonly isReady: boolean;
  readonly stillness: Stillness;
  readonly onAnswer: () => void;
}

export function AnswerButton({ label, kind, isReady, stillness, onAnswer }: AnswerButtonProps) {
  const begunMs = useRef<number | undefined>(undefined);
  const begin = (event: Event): void => {
    stillness.look();
    begunMs.current = event.timeStamp;
  };
  return (
    <button
      type="button"
      class={kind}
      // Not `disabled`: whoever came here by keys would lose their place.
      aria-disabled={!isReady}
      onPointerDown={begin}
      onKeyDown={(event) => {
        // A key that is held down was meant for something else.
        if (event.repeat) event.preventDefault();
        else begin(event);
      }}
      onClick={(event) => {
        const press = { begunMs: begunMs.current, nowMs: event.timeStamp };
        begunMs.current = undefined;
        if (isReady && isMeant({ ...press, stillSinceMs: stillness.sinceMs.peek() })) onAnswer();
      }}
    >
      {label}
    </button>
  );
}
