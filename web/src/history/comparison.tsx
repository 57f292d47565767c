/**
 * @module
 * What two runs have different: how they ended, what they wrote, and the programs that they are of.
 */
import { useMemo } from "preact/hooks";
import type { Phase } from "../../../src/client/types.ts";
import { createAnsiReader } from "../output/ansi.ts";
import type { Piece } from "../run/output-text.ts";
import type { Run } from "../run/run.ts";
import { standingOf } from "../run/standing.ts";
import {
  changedTexts,
  describeSettings,
  describeUsages,
  type ChangedText,
  type Difference,
} from "./differences.ts";
import { DiffView } from "./diff-view.tsx";

interface Compared {
  readonly before: Run;
  readonly after: Run;
}

export function Comparison({ before, after }: Compared) {
  const names = [`run ${before.number}`, `run ${after.number}`] as const;
  return (
    <div class="comparison">
      <Facts
        rows={[describeEnds(before, after), ...describeUsages(usageOf(before), usageOf(after))]}
      />
      <p class="legend">
        <span class="removed">− only in {names[0]}</span>{" "}
        <span class="added">+ only in {names[1]}</span>
      </p>
      <Outputs before={before} after={after} />
      <Programs before={before} after={after} />
    </div>
  );
}

function Facts({ rows }: { readonly rows: readonly Difference[] }) {
  return (
    <dl class="facts">
      {rows.map(({ name, text }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

function describeEnds(before: Run, after: Run): Difference {
  const [old, now] = [standingOf(before).text, standingOf(after).text];
  return { name: "End", text: old === now ? `${now}, both` : `${old} → ${now}` };
}

/** That of the program, and of the compiler where it came to no more. */
function usageOf({ state: { value } }: Run): Phase["usage"] | undefined {
  const result = value.kind === "ended" ? value.execution.result : undefined;
  return (result?.run ?? result?.compile)?.usage;
}

function Outputs({ before, after }: Compared) {
  const texts = (phase: Piece["phase"]): readonly [string, string] => [
    outputOf(before, phase),
    outputOf(after, phase),
  ];
  const [program, compiler] = useMemo(() => [texts("run"), texts("compile")], [before, after]);
  return (
    <>
      <h3>Output of the program</h3>
      <DiffView name="Output of the program" texts={program} />
      {compiler[0] !== compiler[1] && (
        <>
          <h3>Output of the compiler</h3>
          <DiffView name="Output of the compiler" texts={compiler} />
        </>
      )}
    </>
  );
}

/** Without colours. */
function outputOf(run: Run, phase: Piece["phase"]): string {
  const readers = { stdout: createAnsiReader(), stderr: createAnsiReader() };
  const texts: string[] = [];
  const end = run.output.read({
    add: (piece) => {
      if (piece.phase !== phase) return;
      texts.push(...readers[piece.stream](piece.text).map(({ text }) => text));
    },
    clear: () => undefined,
  });
  end();
  return texts.join("");
}

const kinds = { added: "was added", removed: "was removed", changed: "was changed" } as const;

function Programs({ before, after }: Compared) {
  const texts = changedTexts(before.project, after.project);
  const rows = describeSettings(before.project, after.project);
  return (
    <>
      <h3>Program</h3>
      {texts.length + rows.length === 0 && <p class="hint">It is the same.</p>}
      {rows.length > 0 && <Facts rows={rows} />}
      {texts.map((text) => (
        <ChangedTextView key={text.name} {...text} />
      ))}
    </>
  );
}

function ChangedTextView({ name, kind, texts }: ChangedText) {
  return (
    <>
      <h4>
        <bdi>{name}</bdi> {kinds[kind]}
      </h4>
      {texts === undefined ? (
        <p class="hint">It is no text.</p>
      ) : (
        <DiffView name={name} texts={texts} />
      )}
    </>
  );
}
