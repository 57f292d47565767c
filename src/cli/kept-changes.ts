/**
 * @module
 * The work of `glovebox changes`.
 */
import { discardChanges, listChanges, readChangeSet } from "../changes/stage.ts";
import { countChanges } from "../changes/summary.ts";
import {
  applyKept,
  changesDocument,
  changesFolder,
  explainApplied,
  explainChanges,
  explainTexts,
} from "./changes-work.ts";
import { escapeControls } from "./escape-controls.ts";
import { EXIT_OUR_FAILURE } from "./exit.ts";
import { printNote } from "./print.ts";
import { formatTable } from "./table.ts";

export function listKept({ json }: { readonly json: boolean }): number {
  const parent = changesFolder(process.env);
  const sets = listChanges(parent).map((id) => readChangeSet(parent, id));
  if (json) {
    const documents = sets.map((set) => ({
      id: set.id,
      folder: set.folder,
      command: set.command,
      ended_at: set.endedAt,
    }));
    return print(JSON.stringify({ changes: documents }, null, 2));
  }
  if (sets.length === 0) return print("Nothing is kept.");
  const rows = sets.map((set) => [
    set.id,
    set.endedAt,
    countChanges(set),
    escapeControls(set.folder),
    escapeControls(set.command).slice(0, 60),
  ]);
  process.stdout.write(formatTable([["ID", "ENDED", "CHANGES", "FOLDER", "COMMAND"], ...rows]));
  return 0;
}

export function showKept(id: string, { json }: { readonly json: boolean }): number {
  const parent = changesFolder(process.env);
  const set = readChangeSet(parent, id);
  if (json) return print(JSON.stringify(changesDocument(set), null, 2));
  return print([...explainChanges(set), "", ...explainTexts(parent, set)].join("\n"));
}

export function applyById(id: string, choice: { readonly all: boolean }): number {
  const parent = changesFolder(process.env);
  const set = readChangeSet(parent, id);
  const applied = applyKept(parent, set, choice);
  explainApplied(set, applied).forEach(printNote);
  return applied.refused.length === 0 ? 0 : EXIT_OUR_FAILURE;
}

export function discardKept(ids: readonly string[]): number {
  const parent = changesFolder(process.env);
  // All of them are looked at before the first one goes.
  const sets = ids.map((id) => readChangeSet(parent, id));
  for (const { id } of sets) discardChanges(parent, id);
  return 0;
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}
