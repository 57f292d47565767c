/**
 * @module
 * Changes in words: a line each, but one line for a folder that is new or gone with all that is in it.
 */
import { folderOf, type BytePath } from "../core/changes.ts";
import { effectOf, type Change, type ChangeSet, type Effect } from "./change-set.ts";
import { dangerOf } from "./delicate.ts";
import { showBytePath } from "./show-path.ts";

const MAX_LINES = 100;

const words: Readonly<Record<Effect, string>> = { added: "A", changed: "M", deleted: "D" };

export function countChanges({ changes }: Pick<ChangeSet, "changes">): string {
  const counts = (["added", "changed", "deleted"] as const).map((effect) => {
    const count = changes.filter((change) => effectOf(change) === effect).length;
    return count === 0 ? [] : [`${count} ${effect}`];
  });
  return counts.flat().join(", ") || "nothing changed";
}

/** @returns The first of them, and a last line that says how many there are besides. */
export function summarize(set: ChangeSet): readonly string[] {
  const { changes, leftOut, isComplete } = set;
  const isFolder = foldersOf(changes);
  const shown = changes.filter(
    (change) => isToLookAt(change) || !liesIn(change.path, isFolder(effectOf(change))),
  );
  // What is to be looked at is not what is cut off.
  const sorted = [...shown.filter(isToLookAt), ...shown.filter((it) => !isToLookAt(it))];
  const more = sorted.length - MAX_LINES;
  return [
    ...sorted.slice(0, MAX_LINES).map((change) => lineOf(change, changes)),
    ...(more > 0 ? [`   … and ${more} more`] : []),
    ...leftOut
      .slice(0, MAX_LINES)
      .map(({ path, reason }) => `?  ${showBytePath(path)}  left out: ${leftOutWords[reason]}`),
    ...(leftOut.length > MAX_LINES ? [`   … and ${leftOut.length - MAX_LINES} more`] : []),
    ...(isComplete ? [] : ["?  more than 200,000 changes: this is only a part of them"]),
  ];
}

const leftOutWords = {
  special: "a pipe, a socket or a device",
  tooLarge: "larger than --disk",
  unreadable: "the program itself could not read it any more",
  name: "its name is too long, or lies too deep",
} as const;

const isToLookAt = (change: Change): boolean =>
  change.isConflict === true || dangerOf(change) !== undefined;

/** Of one effect: the folders that came or went as a whole. */
function foldersOf(changes: readonly Change[]) {
  const found: Record<Effect, Set<BytePath>> = {
    added: new Set(),
    changed: new Set(),
    deleted: new Set(),
  };
  for (const change of changes) {
    const effect = effectOf(change);
    const { kind } = change.after ?? change.before ?? {};
    if (effect !== "changed" && kind === "folder") found[effect].add(change.path);
  }
  return (effect: Effect): ReadonlySet<BytePath> => found[effect];
}

const liesIn = (path: BytePath, folders: ReadonlySet<BytePath>): boolean =>
  path !== "" && folders.has(folderOf(path));

function lineOf(change: Change, changes: readonly Change[]): string {
  const { path, before, after, isConflict } = change;
  const danger = dangerOf(change);
  const isFolder = (after ?? before)?.kind === "folder";
  const notes = [
    ...detailsOf(change, changes),
    ...(danger === undefined ? [] : [danger]),
    ...(isConflict === true ? ["CONFLICT: you have changed it too"] : []),
  ];
  const sign = isToLookAt(change) ? "!" : " ";
  const name = `${showBytePath(path)}${isFolder ? "/" : ""}`;
  return `${sign} ${words[effectOf(change)]}  ${name}${notes.length > 0 ? `  ${notes.join("; ")}` : ""}`;
}

function detailsOf({ path, before, after }: Change, changes: readonly Change[]): readonly string[] {
  const one = before?.kind === after?.kind || before === undefined || after === undefined;
  const kinds = one ? [] : [`${before.kind} -> ${after.kind}`];
  if (after?.kind === "link") return [...kinds, `-> ${showBytePath(after.target)}`];
  if (after?.kind === "file") {
    const was = before?.kind === "file" ? before : undefined;
    const size = formatSize(after.size);
    const sizes = was === undefined ? [size] : [`${formatSize(was.size)} -> ${size}`];
    return [...kinds, ...(after.blob === undefined ? [] : sizes), ...modes(was?.mode, after.mode)];
  }
  if (after?.kind === "folder" && before?.kind === "folder") return modes(before.mode, after.mode);
  if ((after ?? before)?.kind !== "folder") return kinds;
  const inside = changes.filter((it) => it.path.startsWith(`${path}/`));
  const files = inside.filter((it) => (it.after ?? it.before)?.kind !== "folder").length;
  return [...kinds, `${files} ${files === 1 ? "file" : "files"}`];
}

function formatSize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)}${units[power] ?? ""}`;
}

function modes(before: number | undefined, after: number): readonly string[] {
  if (before === undefined) return (after & 0o111) === 0 ? [] : ["executable"];
  if ((before & 0o777) === after) return [];
  return [`mode ${(before & 0o777).toString(8)} -> ${after.toString(8)}`];
}
