/**
 * @module
 * Keys that work anywhere on the page.
 */
import { settings } from "../state/settings.ts";
import { isRunning, startRun, stopRun } from "../run/runs.ts";
import { openDialog } from "./dialog.tsx";

export function listenForKeys(): void {
  // Before the editor, for which the keys have meanings of its own.
  addEventListener("keydown", takeKey, { capture: true });
}

function takeKey(event: KeyboardEvent): void {
  if (event.isComposing || openDialog.peek() !== undefined) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    event.stopPropagation();
    endTyping();
    startRun();
    return;
  }
  if (event.key === "Escape" && isRunning.peek() && !isForSomethingElse(event)) {
    event.preventDefault();
    stopRun();
  }
}

/** A field says what it holds when it is left, or here. */
function endTyping(): void {
  const { activeElement } = document;
  if (activeElement instanceof HTMLInputElement) activeElement.dispatchEvent(new Event("change"));
}

/**
 * Escape leaves vim's insert mode, is a key of programs on a terminal, and closes what stands open where
 * it is typed: completions, a search, a name that is being written.
 */
function isForSomethingElse({ target, shiftKey }: KeyboardEvent): boolean {
  if (shiftKey || !(target instanceof Element)) return false;
  if (target.closest(".terminal, .name-field, .cm-panel") !== null) return true;
  const editor = target.closest(".cm-editor");
  if (editor === null) return false;
  const isOpen = editor.querySelector(".cm-tooltip-autocomplete, .cm-search") !== null;
  return isOpen || settings.peek().keymap !== "usual";
}
