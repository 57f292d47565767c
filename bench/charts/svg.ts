/**
 * @module
 * SVG as text. No background: a page's own shows through, light or dark.
 */

type Attributes = Readonly<Record<string, string | number>>;

/** An element with its content, which is markup already: text goes through `escapeText`. */
export function element(
  name: string,
  attributes: Attributes,
  ...content: readonly string[]
): string {
  const words = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${escapeText(typeof value === "number" ? round(value) : value)}"`,
  );
  const inner = content.join("");
  return inner === ""
    ? `<${name}${words.join("")}/>`
    : `<${name}${words.join("")}>${inner}</${name}>`;
}

/** For text and for values of attributes. */
export function escapeText(text: string): string {
  const names: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => names[character] ?? "");
}

export type Anchor = "start" | "middle" | "end";

export function label(
  x: number,
  y: number,
  text: string,
  { anchor = "start", style = "" }: { readonly anchor?: Anchor; readonly style?: string } = {},
): string {
  const attributes = { x, y, "text-anchor": anchor, ...(style === "" ? {} : { class: style }) };
  return element("text", attributes, escapeText(text));
}

export function line(x1: number, y1: number, x2: number, y2: number, style: string): string {
  return element("line", { x1, y1, x2, y2, class: style });
}

/** A tenth of a pixel is exact enough, and keeps the file small. */
function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** What it shows, for who can't see it. */
  readonly title: string;
  readonly description: string;
}

/** Greys that can be read on white and on black; a page's dark side gets lighter ones. */
const styles = `
text { font: 12px system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; fill: #6e7781; }
.title { font-size: 16px; font-weight: 600; fill: #57606a; }
.strong { font-weight: 600; fill: #57606a; }
.small { font-size: 11px; }
.grid { stroke: #8c959f; stroke-opacity: 0.25; }
.axis { stroke: #8c959f; stroke-opacity: 0.6; }
@media (prefers-color-scheme: dark) {
text { fill: #9198a1; }
.title, .strong { fill: #c9d1d9; }
.grid { stroke-opacity: 0.2; }
}
`;

export function picture(
  { width, height, title, description }: Picture,
  ...content: readonly string[]
): string {
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${width} ${Math.ceil(height)}`,
    width,
    height: Math.ceil(height),
    role: "img",
    "aria-labelledby": "title description",
  };
  const parts = [
    element("title", { id: "title" }, escapeText(title)),
    element("desc", { id: "description" }, escapeText(description)),
    element("style", {}, styles),
    ...content,
  ];
  return `${element("svg", attributes, "\n", parts.join("\n"), "\n")}\n`;
}
