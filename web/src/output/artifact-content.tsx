/**
 * @module
 * One file that came back, as what it is. Never as HTML of this page.
 */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";
import { shownName } from "./artifact-words.ts";
import type { ShownAs } from "./classify.ts";
import { Drawing } from "./drawing.tsx";
import { ProgramFrame } from "./program-frame.tsx";
import { guessSeparator, parseTable } from "./parse-table.ts";
import { visibleText } from "./visible-text.ts";

interface ContentProps {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly shownAs: ShownAs;
  /** Else it is shown when it is asked for. */
  readonly isOpen: boolean;
}

export function ArtifactContent({ path, bytes, shownAs, isOpen }: ContentProps) {
  const isHuge = shownAs.kind === "picture" && shownAs.isHuge;
  const isShown = useSignal(isOpen && !isHuge);
  if (shownAs.kind === "bytes" || bytes.length === 0) return null;
  if (!isShown.value) {
    return (
      <p>
        {isHuge && "It has very many pixels, and may slow this browser down. "}
        <button type="button" onClick={() => (isShown.value = true)}>
          Show
        </button>
      </p>
    );
  }
  const name = shownName(path);
  switch (shownAs.kind) {
    case "picture":
      return <PictureOf name={name} bytes={bytes} type={shownAs.type} />;
    case "drawing":
      return <Drawing name={name} text={shownAs.text} />;
    case "page":
      return <ProgramFrame name={name} html={shownAs.text} />;
    case "table":
      return <TableOf name={name} text={shownAs.text} isTabbed={shownAs.isTabbed} />;
    case "text":
      return <TextOf name={name} text={shownAs.text} />;
  }
}

interface PictureProps {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly type: string;
}

function PictureOf({ name, bytes, type }: PictureProps) {
  const [url, setUrl] = useState("");
  const isBroken = useSignal(false);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type }));
    setUrl(made);
    return () => {
      URL.revokeObjectURL(made);
    };
  }, [bytes, type]);
  if (isBroken.value) return <p class="missing">This browser can't show it as a picture.</p>;
  if (url === "") return null;
  return (
    <div class="picture">
      <img
        src={url}
        alt={`Picture that the program made: ${name}`}
        decoding="async"
        onError={() => (isBroken.value = true)}
      />
    </div>
  );
}

const tableBounds = { rows: 200, columns: 50, cellChars: 500 } as const;

interface TableProps {
  readonly name: string;
  readonly text: string;
  readonly isTabbed: boolean;
}

function TableOf({ name, text, isTabbed }: TableProps) {
  const { rows, hasMoreRows, hasMoreColumns } = useMemo(
    () => parseTable(text, isTabbed ? "\t" : guessSeparator(text), tableBounds),
    [text, isTabbed],
  );
  const [head, ...body] = rows;
  const isCut = hasMoreRows || hasMoreColumns;
  return (
    <>
      <div class="table" tabIndex={0} role="region" aria-label={`Table ${name}`}>
        <table>
          <thead>
            <tr>
              {head?.map((cell, column) => (
                <th key={column} scope="col">
                  {visibleText(cell)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {body.map((row, index) => (
              <tr key={index}>
                {row.map((cell, column) => (
                  <td key={column} class={isNumber.test(cell) ? "number" : undefined}>
                    {visibleText(cell)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {isCut && (
        <p class="missing">
          There are more {hasMoreRows ? "rows" : "columns"} than are shown: download it to see all.
        </p>
      )}
    </>
  );
}

const isNumber = /^\s*[-+]?(?:\d[\d ,.]{0,30}|\.\d{1,30})(?:e[-+]?\d{1,4})?\s?%?\s*$/i;

const MAX_TEXT_CHARS = 100_000;

function TextOf({ name, text }: { readonly name: string; readonly text: string }) {
  const isCut = text.length > MAX_TEXT_CHARS;
  return (
    <>
      <pre tabIndex={0} role="region" aria-label={`Text of ${name}`} dir="ltr">
        {visibleText(text.slice(0, MAX_TEXT_CHARS))}
      </pre>
      {isCut && <p class="missing">This is the begin of it: download it to see all.</p>}
    </>
  );
}
