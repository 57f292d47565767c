/**
 * @module
 * What two texts have different, line by line: bounded, however long and different they are.
 */
import { diffArrays } from "diff";

export interface DiffLine {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
}

/** Lines that both have, left out. */
export interface LeftOut {
  readonly kind: "left-out";
  readonly lines: number;
}

export interface LineDiff {
  /** With some lines around each difference. */
  readonly parts: readonly (DiffLine | LeftOut)[];
  readonly removed: number;
  readonly added: number;
  /** They have the same lines, but an end of one line or more is another. */
  readonly hasOtherEnds: boolean;
  /** Only the begin of them was compared. */
  readonly isCut: boolean;
  /** There are more differences than `parts` has. */
  readonly hasMore: boolean;
}

export const maxComparedLines = 5000;
/** The time goes with its square; behind it, what differs is told as one piece. */
const MAX_EDITS = 1500;
const MAX_PARTS = 2000;
const CONTEXT_LINES = 3;

export function diffLines(before: string, after: string): LineDiff {
  const [old, now] = [toLines(before), toLines(after)];
  const all = compare(old.slice(0, maxComparedLines), now.slice(0, maxComparedLines));
  const count = (of: DiffLine["kind"]): number => all.filter(({ kind }) => kind === of).length;
  const [removed, added] = [count("removed"), count("added")];
  const parts = removed + added === 0 ? [] : leaveOut(all);
  const isCut = Math.max(old.length, now.length) > maxComparedLines;
  return {
    ...{ parts: parts.slice(0, MAX_PARTS), removed, added, isCut },
    hasOtherEnds: removed + added === 0 && !isCut && before !== after,
    hasMore: parts.length > MAX_PARTS,
  };
}

function toLines(text: string): readonly string[] {
  if (text === "") return [];
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split(/\r?\n/);
}

function compare(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const head = commonHead(before, after);
  const tail = commonHead(before.slice(head).reverse(), after.slice(head).reverse());
  const old = before.slice(head, before.length - tail);
  const now = after.slice(head, after.length - tail);
  const changes = diffArrays(old, now, { maxEditLength: MAX_EDITS });
  const middle = changes?.flatMap(({ value, added, removed }) =>
    toDiffLines(added ? "added" : removed ? "removed" : "same", value),
  );
  return [
    ...toDiffLines("same", before.slice(0, head)),
    ...(middle ?? [...toDiffLines("removed", old), ...toDiffLines("added", now)]),
    ...toDiffLines("same", before.slice(before.length - tail)),
  ];
}

const toDiffLines = (kind: DiffLine["kind"], lines: readonly string[]): readonly DiffLine[] =>
  lines.map((text) => ({ kind, text }));

function commonHead(before: readonly string[], after: readonly string[]): number {
  let at = 0;
  while (at < before.length && at < after.length && before[at] === after[at]) at++;
  return at;
}

/** Of what is the same, only the lines around a difference stay. */
function leaveOut(lines: readonly DiffLine[]): readonly (DiffLine | LeftOut)[] {
  const isShown = new Uint8Array(lines.length);
  lines.forEach(({ kind }, at) => {
    if (kind === "same") return;
    isShown.fill(1, Math.max(0, at - CONTEXT_LINES), at + CONTEXT_LINES + 1);
  });
  const parts: (DiffLine | LeftOut)[] = [];
  let left = 0;
  const push = (): void => {
    if (left > 0) parts.push({ kind: "left-out", lines: left });
    left = 0;
  };
  lines.forEach((line, at) => {
    if (isShown[at] === 0) {
      left++;
      return;
    }
    push();
    parts.push(line);
  });
  push();
  return parts;
}
