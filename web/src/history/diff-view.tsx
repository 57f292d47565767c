/**
 * @module
 * Two texts as one, with what each of them alone has marked by a sign, by words and by colour.
 */
import { useMemo } from "preact/hooks";
import { visibleText } from "../output/visible-text.ts";
import { diffLines, maxComparedLines, type DiffLine, type LeftOut } from "./line-diff.ts";

interface DiffViewProps {
  readonly name: string;
  readonly texts: readonly [before: string, after: string];
}

export function DiffView({ name, texts: [before, after] }: DiffViewProps) {
  const diff = useMemo(() => diffLines(before, after), [before, after]);
  const { parts, isCut, hasMore, hasOtherEnds, removed, added } = diff;
  return (
    <>
      {isCut && (
        <p class="hint">
          Only the first {maxComparedLines.toLocaleString("en")} lines of each are compared.
        </p>
      )}
      <p class="hint">{describeDiff({ removed, added, hasOtherEnds, isEmpty: after === "" })}</p>
      {parts.length > 0 && (
        <div class="diff" tabIndex={0} role="region" aria-label={`Differences: ${name}`}>
          {parts.map((part, at) => (
            <Part key={at} part={part} />
          ))}
        </div>
      )}
      {hasMore && <p class="hint">There are more differences than are shown.</p>}
    </>
  );
}

interface Counts {
  readonly removed: number;
  readonly added: number;
  readonly hasOtherEnds: boolean;
  readonly isEmpty: boolean;
}

function describeDiff({ removed, added, hasOtherEnds, isEmpty }: Counts): string {
  if (hasOtherEnds) return "The lines are the same, their ends are not.";
  if (removed + added === 0) return isEmpty ? "Both are empty." : "It is the same.";
  return `${countLines(removed)} removed, ${countLines(added)} added.`;
}

const countLines = (count: number): string => (count === 1 ? "1 line" : `${count} lines`);

const signs = { same: " ", removed: "−", added: "+" } as const;
const words = { same: "", removed: "removed: ", added: "added: " } as const;
const MAX_LINE_CHARS = 1000;

function Part({ part }: { readonly part: DiffLine | LeftOut }) {
  if (part.kind === "left-out") {
    return <div class="left-out">{countLines(part.lines)} that both have</div>;
  }
  const { kind, text } = part;
  const isCut = text.length > MAX_LINE_CHARS;
  return (
    <div class={`line ${kind}`}>
      <span class="sign" aria-hidden="true">
        {signs[kind]}
      </span>
      <span class="only-read">{words[kind]}</span>
      <span class="text">{visibleText(isCut ? `${text.slice(0, MAX_LINE_CHARS)} …` : text)}</span>
    </div>
  );
}
