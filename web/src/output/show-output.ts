/**
 * @module
 * Output on the page: appended as text, never as HTML, and bounded however much comes.
 */
import type { OutputReader, Piece } from "../run/output-text.ts";
import { createAnsiReader, cssOf, groundOf, type Style, type StyledText } from "./ansi.ts";
import { createPlaceFinder, type SourcePlace, type TextPart } from "./source-places.ts";
import { visibleText } from "./visible-text.ts";

/** What the page holds; the rest is there to be downloaded. */
const MAX_CHARS = 1_000_000;
const MAX_NODES = 20_000;
/** Buttons cost much more than text; and who would use them all? */
const MAX_PLACES = 500;
/** Browsers lay out what stands in one block as a whole, again with all that comes to it. */
const BLOCK_CHARS = 4096;
/** A line that is longer goes on in another block, as if it had an end there. */
const MAX_BLOCK_CHARS = 16_384;

export interface ShownOutput {
  readonly element: HTMLElement;
  /** Of those files, as the program has them. */
  readonly paths: readonly string[];
  readonly phase: Piece["phase"];
  readonly onPlace: (place: SourcePlace) => void;
  /** More came than is shown. Called once. */
  readonly onFull: () => void;
}

/** What a line begun anew had, where it is begun anew again: nobody would see it. */
const overwritten = /\r[^\r\n]*(?=\r[^\r\n])/g;

/** A lone carriage return begins the line anew, as progress bars do. */
export function showOutput(shown: ShownOutput): OutputReader {
  const { phase } = shown;
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
      if (chars >= MAX_CHARS || lines.nodeCount() >= MAX_NODES) {
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
  readonly nodeCount: () => number;
  readonly clear: () => void;
}

function createLines(shown: ShownOutput): Lines {
  const blocks = createBlocks(shown.element);
  const toNode = createNodeMaker(shown);
  const find = createPlaceFinder(shown.paths);
  /** What stands in the line that has no end yet. */
  let line: ChildNode[] = [];
  let nodeCount = 0;
  let returns = false;
  const append = (text: string, style: Style, stream: Piece["stream"]): void => {
    for (const slice of slicesOf(text)) {
      const nodes = find(slice).map(toNode);
      for (const node of nodes) {
        node.classList.add(stream);
        applyStyle(node, style);
      }
      blocks.add(nodes, slice);
      line.push(...nodes);
      nodeCount += nodes.length;
    }
    if (text.endsWith("\n")) line = [];
  };
  const beginAnew = (): void => {
    for (const node of line) node.remove();
    nodeCount -= line.length;
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
    nodeCount: () => nodeCount,
    clear: () => {
      blocks.clear();
      line = [];
      nodeCount = 0;
      returns = false;
    },
  };
}

interface Blocks {
  readonly add: (nodes: readonly Node[], text: string) => void;
  readonly clear: () => void;
}

/** Each ends where a line ends, if one does. */
function createBlocks(element: HTMLElement): Blocks {
  let block: HTMLElement | undefined;
  let chars = 0;
  return {
    add: (nodes, text) => {
      if (block === undefined || chars >= MAX_BLOCK_CHARS) {
        block = document.createElement("div");
        chars = 0;
        element.append(block);
      }
      block.append(...nodes);
      chars += text.length;
      if (text.endsWith("\n") && chars >= BLOCK_CHARS) block = undefined;
    },
    clear: () => {
      element.replaceChildren();
      block = undefined;
    },
  };
}

/** Whole lines, as long as they are not too long. */
function slicesOf(text: string): readonly string[] {
  const slices: string[] = [];
  for (let at = 0; at < text.length;) {
    const most = at + MAX_BLOCK_CHARS;
    const lineEnd = most < text.length ? text.lastIndexOf("\n", most - 1) + 1 : 0;
    const end = lineEnd > at ? lineEnd : most;
    slices.push(text.slice(at, end));
    at = end;
  }
  return slices;
}

/** Pieces, each `\r` that begins a line anew alone. */
function splitAtReturns(text: string): readonly string[] {
  return text.includes("\r")
    ? text
        .replace(overwritten, "")
        .split(/(\r+)(?!\n)/)
        .map(shortenReturns)
        .filter(Boolean)
    : [text];
}

const shortenReturns = (text: string): string =>
  /^\r+$/.test(text) ? "\r" : text.replaceAll("\r\n", "\n");

function createNodeMaker(shown: ShownOutput): (part: TextPart) => HTMLElement {
  let places = 0;
  return ({ text, place }) => {
    const isLink = place !== undefined && places++ < MAX_PLACES;
    const node = isLink ? linkTo(place, shown) : document.createElement("span");
    node.textContent = text;
    return node;
  };
}

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
  // The text of one that only has a colour is as the pane is then.
  const isPlain = style.inverse === true && front === undefined;
  if (back !== undefined) node.style.backgroundColor = isPlain ? cssOf(back) : groundOf(back);
  if (style.inverse === true) node.classList.add("inverse");
  if (style.bold === true) node.classList.add("bold");
  if (style.dim === true) node.classList.add("dim");
  if (style.italic === true) node.classList.add("italic");
  if (style.underline === true) node.classList.add("underline");
}
