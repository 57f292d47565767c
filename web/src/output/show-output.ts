/**
 * @module
 * Output on the page: appended as text, never as HTML, and bounded however much comes.
 */
import type { OutputReader, Piece } from "../run/output-text.ts";
import { createAnsiReader, cssOf, type Style, type StyledText } from "./ansi.ts";
import { createPlaceFinder, type SourcePlace } from "./source-places.ts";
import { visibleText } from "./visible-text.ts";

/** What the page holds; the rest is there to be downloaded. */
const MAX_CHARS = 1_000_000;
const MAX_NODES = 20_000;
/** Browsers lay out one text as a whole. */
const MAX_NODE_CHARS = 16_384;

export interface ShownOutput {
  readonly element: HTMLElement;
  /** Of those files, as the program has them. */
  readonly paths: readonly string[];
  readonly phase: Piece["phase"];
  readonly onPlace: (place: SourcePlace) => void;
  /** More came than is shown. Called once. */
  readonly onFull: () => void;
}

/** A lone carriage return begins the line anew, as progress bars do. */
export function showOutput(shown: ShownOutput): OutputReader {
  const { element, phase } = shown;
  const lines = createLines(shown);
  let readers = newReaders();
  let chars = 0;
  let isFull = false;
  return {
    add: ({ phase: of, stream, text }) => {
      if (of !== phase || isFull) return;
      const parts = readers[stream](text.slice(0, MAX_CHARS - chars));
      chars += text.length;
      for (const part of parts) lines.add(part, stream);
      if (chars >= MAX_CHARS || element.childNodes.length >= MAX_NODES) {
        isFull = true;
        shown.onFull();
      }
    },
    clear: () => {
      lines.clear();
      readers = newReaders();
      chars = 0;
      isFull = false;
    },
  };
}

const newReaders = (): Readonly<Record<Piece["stream"], ReturnType<typeof createAnsiReader>>> => ({
  stdout: createAnsiReader(),
  stderr: createAnsiReader(),
});

interface Lines {
  readonly add: (part: StyledText, stream: Piece["stream"]) => void;
  readonly clear: () => void;
}

function createLines(shown: ShownOutput): Lines {
  const { element } = shown;
  const find = createPlaceFinder(shown.paths);
  /** What stands in the line that has no end yet. */
  let line: ChildNode[] = [];
  let returns = false;
  const append = (text: string, style: Style, stream: Piece["stream"]): void => {
    for (let at = 0; at < text.length; at += MAX_NODE_CHARS) {
      for (const { text: part, place } of find(text.slice(at, at + MAX_NODE_CHARS))) {
        const node = place === undefined ? document.createElement("span") : linkTo(place, shown);
        node.textContent = part;
        node.classList.add(stream);
        applyStyle(node, style);
        element.append(node);
        line.push(node);
      }
    }
    if (text.endsWith("\n")) line = [];
  };
  const beginAnew = (): void => {
    for (const node of line) node.remove();
    line = [];
  };
  return {
    add: ({ text, style }, stream) => {
      for (const part of splitAtReturns(text)) {
        if (returns && part !== "\r" && !part.startsWith("\n")) beginAnew();
        returns = part === "\r";
        if (returns) continue;
        const visible = visibleText(part);
        // Whole lines in one node, where nothing returns to a line's begin.
        const end = visible.lastIndexOf("\n") + 1;
        if (end > 0) append(visible.slice(0, end), style, stream);
        if (end < visible.length) append(visible.slice(end), style, stream);
      }
    },
    clear: () => {
      element.replaceChildren();
      line = [];
      returns = false;
    },
  };
}

/** Pieces, each `\r` that begins a line anew alone. */
function splitAtReturns(text: string): readonly string[] {
  return text.includes("\r")
    ? text
        .split(/(\r+)(?!\n)/)
        .map(shortenReturns)
        .filter(Boolean)
    : [text];
}

const shortenReturns = (text: string): string =>
  /^\r+$/.test(text) ? "\r" : text.replaceAll("\r\n", "\n");

function linkTo(place: SourcePlace, { onPlace }: ShownOutput): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "place";
  button.title = `Go to line ${place.line} of ${place.path}`;
  button.addEventListener("click", () => {
    onPlace(place);
  });
  return button;
}

function applyStyle(node: HTMLElement, style: Style): void {
  const { color, background } = style;
  const [front, back] = style.inverse === true ? [background, color] : [color, background];
  if (front !== undefined) node.style.color = cssOf(front);
  if (back !== undefined) node.style.backgroundColor = cssOf(back);
  if (style.inverse === true) node.classList.add("inverse");
  if (style.bold === true) node.classList.add("bold");
  if (style.dim === true) node.classList.add("dim");
  if (style.italic === true) node.classList.add("italic");
  if (style.underline === true) node.classList.add("underline");
}
