/**
 * @module
 * What can be done with changes that are kept: at the end of a run, and by `glovebox changes`.
 */
import { join } from "node:path";
import { applyChanges, type Refused } from "../changes/apply.ts";
import { effectOf, type Change, type ChangeSet } from "../changes/change-set.ts";
import { dangerOf } from "../changes/delicate.ts";
import { walkFolder } from "../changes/folder-walk.ts";
import { showBytePath } from "../changes/show-path.ts";
import { blobPath, discardChanges, keepChanges } from "../changes/stage.ts";
import { countChanges, summarize } from "../changes/summary.ts";
import { textDiff } from "../changes/text-diff.ts";
import { invalidRequest } from "../core/errors.ts";
import { stateFolder } from "../util/user-folders.ts";

/** @throws {GloveboxError} `INVALID_REQUEST` for a user without a home. */
export function changesFolder(env: NodeJS.ProcessEnv): string {
  const state = stateFolder(env);
  if (state !== undefined) return join(state, "changes");
  throw invalidRequest(
    "--workspace",
    "changes can't be kept: this user has no home folder. Set XDG_STATE_HOME to a folder of yours.",
  );
}

export interface ApplyOutcome {
  readonly done: readonly Change[];
  readonly refused: readonly Refused[];
}

/** What could not be applied is kept; if nothing was left, nothing is. */
export function applyKept(
  parent: string,
  set: ChangeSet,
  { all }: { readonly all: boolean },
): ApplyOutcome {
  if (!set.isComplete) {
    const reason = "the list of changes is not complete";
    return { done: [], refused: set.changes.map((change) => ({ change, reason })) };
  }
  const applied = applyOrRefuse(parent, set, all);
  if (applied.refused.length === 0) {
    discardChanges(parent, set.id);
  } else {
    const left = new Set(applied.refused.map(({ change }) => change));
    keepChanges(parent, { ...set, changes: set.changes.filter((change) => left.has(change)) });
  }
  return applied;
}

function applyOrRefuse(parent: string, set: ChangeSet, all: boolean): ApplyOutcome {
  try {
    return applyChanges({
      set,
      blobPath: (blob) => blobPath(parent, set.id, blob),
      holdBack: (change) => (all ? undefined : dangerOf(change)),
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = `the folder can't be changed: ${code ?? message}`;
    return { done: [], refused: set.changes.map((change) => ({ change, reason })) };
  }
}

const MAX_NOTES = 50;
const MAX_TEXTS = 200;

export function explainApplied(set: ChangeSet, { done, refused }: ApplyOutcome): readonly string[] {
  const applied = `applied to ${set.folder}: ${countChanges({ changes: done })}`;
  if (refused.length === 0) return [applied];
  return [
    applied,
    `not applied, and kept as ${set.id}: ${refused.length}`,
    ...refused
      .slice(0, MAX_NOTES)
      .map(({ change, reason }) => `  ${showBytePath(change.path)}: ${reason}`),
    ...(refused.length > MAX_NOTES ? [`  … and ${refused.length - MAX_NOTES} more`] : []),
    ...commandsFor(set),
  ];
}

export const commandsFor = ({ id, changes }: ChangeSet): readonly string[] => [
  `glovebox changes show ${id}`,
  `glovebox changes apply ${changes.some(dangerOf) ? `${id}   (--all: with what is marked !)` : id}`,
  `glovebox changes discard ${id}`,
];

export function explainChanges(set: ChangeSet): readonly string[] {
  return [`changes in the copy of ${set.folder}: ${countChanges(set)}`, ...summarize(set)];
}

/** The texts that changed. */
export function explainTexts(parent: string, set: ChangeSet): readonly string[] {
  using walk = walkFolder(set.folder);
  const written = set.changes.flatMap((change) => {
    const { after } = change;
    const blob = after?.kind === "file" ? after.blob : undefined;
    return blob === undefined ? [] : [{ change, blob }];
  });
  const more = written.length - MAX_TEXTS;
  return [
    ...written
      .slice(0, MAX_TEXTS)
      .flatMap(({ change, blob }) => [
        `--- ${showBytePath(change.path)} (${effectOf(change)})`,
        ...textDiff(
          change.before?.kind === "file" ? walk.pathOf(change.path) : undefined,
          blobPath(parent, set.id, blob),
        ),
      ]),
    ...(more > 0 ? [`… and ${more} more files, in ${join(parent, set.id)}`] : []),
  ];
}

/** For programs. */
export function changesDocument(set: ChangeSet, refused: readonly Refused[] = []) {
  const reasons = new Map(refused.map(({ change, reason }) => [change, reason]));
  return {
    id: set.id,
    folder: set.folder,
    complete: set.isComplete,
    changes: set.changes.map((change) => ({
      path: showBytePath(change.path),
      effect: effectOf(change),
      before: thingDocument(change.before),
      after: thingDocument(change.after),
      ...(change.isConflict === true ? { conflict: true } : {}),
      ...nonEmpty("danger", dangerOf(change)),
      ...nonEmpty("refused", reasons.get(change)),
    })),
    left_out: set.leftOut.map(({ path, reason }) => ({ path: showBytePath(path), reason })),
  };
}

function nonEmpty(name: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value };
}

function thingDocument(thing: Change["before"] | Change["after"]) {
  if (thing === undefined) return null;
  return {
    kind: thing.kind,
    ...("mode" in thing ? { mode: (thing.mode & 0o777).toString(8).padStart(3, "0") } : {}),
    ...("size" in thing ? { size: thing.size } : {}),
    ...("target" in thing ? { target: showBytePath(thing.target) } : {}),
  };
}
