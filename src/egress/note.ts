/**
 * @module
 * Notes of the border: each once.
 */
import type { PermissionNote } from "../core/permission.ts";

/** Must not throw. */
export type OnNote = (note: PermissionNote) => void;

/** Passes on each note once, and no more than so many: programs can cause any number. */
export function notedOnce(onNote: OnNote): OnNote {
  const maxNotes = 1_000;
  const seen = new Set<string>();
  return (note) => {
    const key = JSON.stringify(note);
    if (seen.size >= maxNotes || seen.has(key)) return;
    seen.add(key);
    onNote(note);
  };
}
