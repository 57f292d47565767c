/**
 * @module
 * Makes the changes in the folder itself. What a program chose, names and links, lead nowhere but to
 * where they were shown: see folder-walk.ts.
 */
import { folderOf, type BytePath } from "../core/changes.ts";
import { isReplaced, type Change, type ChangeSet } from "./change-set.ts";
import { walkFolder } from "./folder-walk.ts";
import { changedSince, make, reasonOf, setFolderMode, takeAway } from "./make-change.ts";

export interface Refused {
  readonly change: Change;
  /** For people. */
  readonly reason: string;
}

export interface Applied {
  readonly done: readonly Change[];
  /** Nothing was done about these. */
  readonly refused: readonly Refused[];
}

export interface ApplyRequest {
  readonly set: Pick<ChangeSet, "folder" | "folderIdentity" | "changes">;
  readonly blobPath: (blob: number) => string;
  /** Why a change is not to be made; undefined: it is. */
  readonly holdBack: (change: Change) => string | undefined;
}

/**
 * Each file takes its place at once, and what is deleted goes last. What can't be done is left as it was,
 * and the rest is done.
 *
 * @throws where the folder is not there any more, or is another one.
 */
export function applyChanges({ set, blobPath, holdBack }: ApplyRequest): Applied {
  using walk = walkFolder(set.folder);
  const top = walk.look("");
  const { dev, ino } = set.folderIdentity;
  if (top === undefined || String(top.dev) !== dev || String(top.ino) !== ino) {
    throw new Error("another folder has taken its place");
  }
  const maker = { walk, blobPath, owner: { uid: Number(top.uid), gid: Number(top.gid) } };
  const done: Change[] = [];
  const { wanted, refused } = choose(set.changes, holdBack);
  const attempt = (change: Change, act: () => void): boolean => {
    try {
      act();
      done.push(change);
      return true;
    } catch (error) {
      refused.push({ change, reason: reasonOf(error) });
      return false;
    }
  };

  const deletions = wanted.filter(({ after }) => after === undefined).reverse();
  const replaced = new Set(wanted.filter(isReplaced).map(({ path }) => path));
  const isInTheWay = ({ path }: Change): boolean => isBelow(path, replaced);
  const remove = (change: Change): void =>
    void attempt(change, () => {
      takeAway(maker, change);
    });

  deletions.filter(isInTheWay).forEach(remove);
  const folders: Change[] = [];
  for (const change of wanted) {
    const { after } = change;
    if (after === undefined) continue;
    const isMade = attempt(change, () => {
      make(maker, change, after);
    });
    if (isMade && after.kind === "folder") folders.push(change);
  }
  deletions.filter((change) => !isInTheWay(change)).forEach(remove);
  // One that can't be written to would have been in the way of what is in it.
  for (const change of folders.reverse()) {
    try {
      setFolderMode(maker, change);
    } catch (error) {
      done.splice(done.indexOf(change), 1);
      refused.push({ change, reason: reasonOf(error) });
    }
  }
  return { done, refused };
}

function choose(
  changes: readonly Change[],
  holdBack: ApplyRequest["holdBack"],
): { readonly wanted: readonly Change[]; readonly refused: Refused[] } {
  const refused: Refused[] = [];
  const wanted: Change[] = [];
  /** What is in a folder stays where that stays. */
  const staying = new Set<BytePath>();
  for (const change of changes) {
    const reason =
      change.isConflict === true
        ? changedSince
        : isBelow(change.path, staying)
          ? "what it lies in stays"
          : holdBack(change);
    if (reason === undefined) wanted.push(change);
    else refused.push({ change, reason });
    if (reason !== undefined && isReplaced(change)) staying.add(change.path);
  }
  return { wanted, refused };
}

function isBelow(path: string, folders: ReadonlySet<string>): boolean {
  for (let above = path; above !== "";) {
    above = folderOf(above);
    if (folders.has(above)) return true;
  }
  return false;
}
