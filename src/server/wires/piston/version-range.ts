/**
 * @module
 * Which versions a selector like `3.x`, `^1.2` or `>=3.10 <4` stands for, as npm reads ranges.
 */

type Version = readonly [major: number, minor: number, patch: number];

/** From the first to before the second; without a second one there is no end. */
type Span = readonly [from: Version, before: Version | undefined];

/** One number each, from the left; undefined from the first `x` or missing one on. */
interface Partial {
  readonly numbers: readonly number[];
  readonly hasTag: boolean;
}

/** npm's own bound for a range. */
const MAX_CHARS = 256;

const partialForm =
  /^[v=]?(\d{1,15}|[xX*])(?:\.(\d{1,15}|[xX*]))?(?:\.(\d{1,15}|[xX*]))?(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;
const comparatorForm = /^(>=|<=|>|<|=|\^|~>|~)?(.*)$/;
const none: Span = [
  [0, 0, 0],
  [0, 0, 0],
];

/**
 * Three numbers of what a runtime says about itself: `3.11` is `3.11.0`, `17.0.13+11` is `17.0.13`.
 * `0.0.0` stands for a version that nobody knows.
 */
export function toSemVer(version: string | null): string {
  const [major = 0, minor = 0, patch = 0] = (version?.match(/\d{1,15}/g) ?? []).map(Number);
  return `${major}.${minor}.${patch}`;
}

/**
 * @param version Three numbers. One with a tag, `3.10.0-alpha.7`, is in no range but its own name.
 * @returns False also for what is no range.
 */
export function isInRange(version: string, range: string): boolean {
  if (version === range) return true;
  if (range.length > MAX_CHARS || !/^\d+\.\d+\.\d+$/.test(version)) return false;
  const wanted = numbersOf(version);
  return range.split("||").some((part) => {
    const spans = spansOf(part.trim());
    return spans?.every((span) => isInSpan(wanted, span)) ?? false;
  });
}

/** Negative where `left` is the older one. Both of three numbers. */
export function compareVersions(left: string, right: string): number {
  return compare(numbersOf(left), numbersOf(right));
}

function numbersOf(version: string): Version {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  return [major, minor, patch];
}

/** All of them must hold; undefined for what is no range. */
function spansOf(text: string): readonly Span[] | undefined {
  const [from, to] = text.split(/\s+-\s+/);
  if (from !== undefined && to !== undefined) return hyphenSpans(from, to);
  const words = text.replace(/([<>=^~])\s+/g, "$1").split(/\s+/);
  const spans = words.filter((word) => word !== "").map(spanOf);
  return spans.every((span) => span !== undefined) ? spans : undefined;
}

function hyphenSpans(from: string, to: string): readonly Span[] | undefined {
  const first = parsePartial(from);
  const last = parsePartial(to);
  return first === undefined || last === undefined ? undefined : [[lowest(first), after(last)]];
}

function spanOf(word: string): Span | undefined {
  const [, operator = "", rest = ""] = comparatorForm.exec(word) ?? [];
  const partial = parsePartial(rest);
  if (partial === undefined) return undefined;
  const from = lowest(partial);
  const next = after(partial);
  switch (operator) {
    case ">=":
      return [from, undefined];
    case ">":
      return next === undefined ? none : [next, undefined];
    case "<":
      return [[0, 0, 0], from];
    case "<=":
      return [[0, 0, 0], next];
    case "~":
    case "~>":
      return [from, after({ ...partial, numbers: partial.numbers.slice(0, 2) })];
    case "^":
      return [from, after({ ...partial, numbers: keptByCaret(partial.numbers) })];
    default:
      return partial.hasTag ? none : [from, next];
  }
}

/** Up to the first number that is not 0. */
function keptByCaret(numbers: readonly number[]): readonly number[] {
  const first = numbers.findIndex((number) => number > 0);
  return first === -1 ? numbers : numbers.slice(0, first + 1);
}

function parsePartial(text: string): Partial | undefined {
  const match = partialForm.exec(text.trim());
  if (match === null) return undefined;
  const numbers: number[] = [];
  for (const part of match.slice(1, 4) as (string | undefined)[]) {
    if (part === undefined || !/^\d/.test(part)) break;
    numbers.push(Number(part));
  }
  return { numbers, hasTag: match[4] !== undefined };
}

function lowest({ numbers: [major = 0, minor = 0, patch = 0] }: Partial): Version {
  return [major, minor, patch];
}

/** The first version behind all that it stands for; undefined where there is none. */
function after({ numbers: [major, minor, patch] }: Partial): Version | undefined {
  if (major === undefined) return undefined;
  if (minor === undefined) return [major + 1, 0, 0];
  return patch === undefined ? [major, minor + 1, 0] : [major, minor, patch + 1];
}

function isInSpan(version: Version, [from, before]: Span): boolean {
  return compare(version, from) >= 0 && (before === undefined || compare(version, before) < 0);
}

function compare(left: Version, right: Version): number {
  return left[0] - right[0] || left[1] - right[1] || left[2] - right[2];
}
