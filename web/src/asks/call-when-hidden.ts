/**
 * @module
 * Says in the tab's title that somebody waits for an answer, while nobody sees the page.
 */
import { effect, type ReadonlySignal } from "@preact/signals";
import type { Ask } from "../../../src/client/ask-types.ts";

const MARK = /^\(\d+\) asks – /;

/** @returns Ends it. */
export function callWhenHidden(asks: ReadonlySignal<readonly Ask[]>): () => void {
  const show = (): void => {
    const count = document.hidden ? asks.value.length : 0;
    const title = document.title.replace(MARK, "");
    document.title = count === 0 ? title : `(${count}) asks – ${title}`;
  };
  document.addEventListener("visibilitychange", show);
  const end = effect(show);
  return () => {
    end();
    document.removeEventListener("visibilitychange", show);
    document.title = document.title.replace(MARK, "");
  };
}
