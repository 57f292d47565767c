/**
 * @module
 * What a program's page does to the page around it, in spite of its sandbox: it can take the focus, and so
 * the keys that are typed elsewhere; and it can send messages, each of which costs the time to bring it.
 */
import type { Signal } from "@preact/signals";

/** Pages that draw something send none at all. */
const MAX_MESSAGES = 5000;
/** One that wants to be typed into takes it once. */
const MAX_THEFTS = 3;
/** A frame is of another process: focus that is taken back before it has gone there stays there. */
const SETTLE_MS = 100;

interface Watched {
  readonly frame: HTMLIFrameElement;
  /** Whether somebody wants to use it. Ends when something outside of it is used. */
  readonly isUsed: Signal<boolean>;
  /** Called at most once for each reason: `took the keyboard …`. */
  readonly close: (reason: string) => void;
}

/** @returns Ends it. */
export function watchFrame({ frame, isUsed, close }: Watched): () => void {
  const figure = frame.parentElement;
  const { contentWindow } = frame;
  const listening = new AbortController();
  const options = { capture: true, signal: listening.signal };
  let focused: Element | null = document.activeElement;
  let messages = 0;
  let thefts = 0;
  const useOutside = ({ type, target }: Event): void => {
    if (type === "focusin" && target instanceof Element && target !== frame) focused = target;
    // What happens inside of the frame is not heard here.
    if (target instanceof Node && figure?.contains(target) !== true) isUsed.value = false;
  };
  addEventListener("pointerdown", useOutside, options);
  addEventListener("focusin", useOutside, options);
  const giveBack = (): void => {
    if (document.activeElement !== frame || isUsed.peek()) return;
    setTimeout(() => {
      if (isUsed.peek()) return;
      frame.blur();
      if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
    }, SETTLE_MS);
    if (++thefts === MAX_THEFTS) close("took the keyboard again and again");
  };
  addEventListener("blur", giveBack, { signal: listening.signal });
  const count = ({ source }: MessageEvent): void => {
    if (source === contentWindow && ++messages === MAX_MESSAGES) {
      close("sent one message after another");
    }
  };
  addEventListener("message", count, { signal: listening.signal });
  return () => {
    listening.abort();
  };
}
