/**
 * @module
 * Removes files in a way that can be taken back.
 */
import { removeFiles } from "../state/project.ts";
import { notify } from "../ui/notices.tsx";

/** @param what As it is told; the path of the file where there is one. */
export function removeWithUndo(paths: readonly string[], what = paths[0] ?? ""): void {
  const act = removeFiles(paths);
  if (act !== undefined) notify(`Removed ${what}.`, "info", { label: "Undo", act });
}
