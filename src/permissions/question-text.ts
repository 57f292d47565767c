/**
 * @module
 * Questions on a terminal: who wants what, what it means, and which keys answer.
 */
import type { ShownQuestion } from "./asker.ts";
import { describeSubject } from "./describe-subject.ts";
import { formatFlag } from "./parse-pattern.ts";
import { showName, showUntrusted } from "./show-untrusted.ts";
import { columnsOf, wrapSpans, type Span } from "./wrap-spans.ts";

export interface TextOptions {
  /** What was run: `./test.sh`. */
  readonly command: string;
  /** Of the terminal; fewer than 20 are taken for 20. */
  readonly columns: number;
  readonly color: boolean;
  /** Whether the terminal can show `┌`. */
  readonly unicode: boolean;
  /** Absolute and canonical. */
  readonly home: string;
  /** Questions that wait behind this one. */
  readonly waiting?: number;
}

const MIN_COLUMNS = 20;
/** Of words that explain: the subject itself is never cut. */
const MAX_EXPLAINING_CHARS = 60;
const MAX_NOTE_CHARS = 160;

/** Lines without their ends. All that was asked about is in them, however narrow the terminal is. */
export function questionText(question: ShownQuestion, options: TextOptions): readonly string[] {
  return inFrame([...aboutLine(question, options)], keysLine(question, options), options);
}

/** The answer of `?`: all that is known. */
export function detailsText(
  { process, subject, pattern, because }: ShownQuestion,
  others: readonly ShownQuestion[],
  options: TextOptions,
): readonly string[] {
  const { verb, object } = describeSubject(subject, "/");
  const facts = [
    `to ${verb} ${object}`,
    ...(because === undefined ? [] : [showUntrusted(because)]),
    ...(process === undefined
      ? []
      : [
          `program: ${showName(process.executable || process.name || "unknown")}, process ${process.pid}`,
        ]),
    `[a] writes the rule ${formatFlag({ effect: "allow", pattern })}`,
    `[N] writes the rule ${formatFlag({ effect: "deny", pattern })}`,
    ...others.map((other) => {
      const { verb: otherVerb, object: otherObject } = describeSubject(other.subject, options.home);
      return `also waiting: ${nameOf(other)}to ${otherVerb} ${otherObject}`;
    }),
  ];
  const width = Math.max(options.columns, MIN_COLUMNS) - 2;
  const bar = options.unicode ? "│ " : "| ";
  return facts
    .flatMap((text) => wrapSpans([{ text }], { width, color: false }))
    .map((line) => `${bar}${line}`);
}

/** What is left on the screen: `✓ allowed once: curl to connect to a.b:443`. */
export function answeredText(
  question: ShownQuestion,
  outcome: string,
  options: TextOptions & { readonly isAllowed: boolean },
): readonly string[] {
  const { verb, object } = describeSubject(question.subject, options.home);
  const mark = options.unicode
    ? options.isAllowed
      ? "✓ "
      : "✗ "
    : options.isAllowed
      ? "+ "
      : "x ";
  const text = `${mark}${outcome}: ${nameOf(question)}to ${verb} ${object}`;
  const width = Math.max(options.columns, MIN_COLUMNS);
  return wrapSpans([{ text }], { width, color: false });
}

function aboutLine(question: ShownQuestion, options: TextOptions): readonly Span[] {
  const { subject, meaning, because } = question;
  const { verb, object } = describeSubject(subject, options.home);
  const who: readonly Span[] = [
    { text: "glovebox: " },
    { text: showName(question.process?.name || "the program"), style: "bold" },
  ];
  if (subject.kind === "forward") {
    const url = `http://127.0.0.1:${subject.port}`;
    return [
      ...who,
      { text: ` listens on port ${object}. Forward ` },
      bold(url),
      { text: " to it?" },
    ];
  }
  // Ours, but for names in them.
  const notes = [meaning, because]
    .filter((note) => note !== undefined)
    .map((note) => explain(note, MAX_NOTE_CHARS));
  return [
    ...who,
    { text: ` (from: ${explain(options.command)}) wants to ${verb} ` },
    bold(object),
    ...(notes.length === 0 ? [] : [{ text: ` (${notes.join("; ")})` }]),
  ];
}

function keysLine({ subject, folder }: ShownQuestion, options: TextOptions): readonly Span[] {
  const isForward = subject.kind === "forward";
  const folderPath = folder !== undefined && "path" in folder ? folder.path.slice(0, -1) : "";
  const { waiting = 0 } = options;
  const keys = [
    ...(isForward ? ["[y] this run"] : ["[y] once", "[s] this run"]),
    ...["[a] always in this project", "[n] no", "[N] never"],
    ...(folderPath === "" ? [] : [`[d] all of ${showName(folderPath)}`]),
    "[?] more",
    ...(waiting === 0 ? [] : [`and ${waiting} more [v]iew`]),
  ];
  return [{ text: `${keys.join("  ")} > ` }];
}

/** Two lines where the terminal is wide enough. */
function inFrame(
  about: readonly Span[],
  keys: readonly Span[],
  { columns, color, unicode }: TextOptions,
): readonly string[] {
  const [first, middle, last] = unicode ? ["┌ ", "│ ", "└ "] : ["- ", "| ", "- "];
  // The cursor stands behind the last character, where it must not start a new line.
  const width = Math.max(columns, MIN_COLUMNS) - 3;
  const lines = [...wrapSpans(about, { width, color }), ...wrapSpans(keys, { width, color })];
  return lines.map((line, index) => {
    const corner = index === 0 ? first : index === lines.length - 1 ? last : middle;
    return `${corner}${line}${index === lines.length - 1 ? " " : ""}`;
  });
}

const bold = (text: string): Span => ({ text, style: "bold" });

function nameOf({ process }: ShownQuestion): string {
  return process === undefined || process.name === "" ? "" : `${showName(process.name)} `;
}

function explain(text: string, maxChars = MAX_EXPLAINING_CHARS): string {
  const shown = showUntrusted(text);
  if (columnsOf(shown) <= maxChars) return shown;
  return `${Array.from(shown)
    .slice(0, maxChars / 2)
    .join("")}...`;
}
