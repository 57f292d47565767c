/**
 * @module
 * Tells when what is to be clicked comes to stand somewhere else, whatever moved it: another card, a line
 * above it, a scroll, a smaller window; or when the page is looked at anew.
 */

export interface PlaceWatch {
  /** Looks now, and not at the next turn. */
  readonly look: () => void;
  readonly end: () => void;
}

const TURN_MS = 100;

/** @param answers The elements whose place counts, as they are now. */
export function watchPlace(answers: () => readonly Element[], onMoved: () => void): PlaceWatch {
  const placeNow = (): string => answers().map(formatPlace).join(" ");
  let place = placeNow();
  const look = (): void => {
    const now = placeNow();
    if (now === place) return;
    place = now;
    onMoved();
  };
  // The click that brings somebody back here was aimed at what they saw before.
  const comeBack = (): void => {
    if (!document.hidden) onMoved();
  };
  const timer = setInterval(look, TURN_MS);
  document.addEventListener("visibilitychange", comeBack);
  window.addEventListener("focus", comeBack);
  return {
    look,
    end: () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", comeBack);
      window.removeEventListener("focus", comeBack);
    },
  };
}

function formatPlace(element: Element): string {
  const { x, y, width, height } = element.getBoundingClientRect();
  return [x, y, width, height].map(Math.round).join();
}
