/**
 * @module
 * Two runs beside each other, in words.
 */
import type { Phase } from "../../../src/client/types.ts";
import { formatBytes, formatMs } from "../run/describe-end.ts";
import type { Project, ProjectFile } from "../state/project-values.ts";

export interface Difference {
  readonly name: string;
  readonly text: string;
}

type Usage = Phase["usage"];

/** Of what both were measured. */
export function describeUsages(
  before: Usage | undefined,
  after: Usage | undefined,
): readonly Difference[] {
  const time = { less: "faster", more: "slower", format: formatMs };
  const memory = { less: "less", more: "more", format: formatBytes };
  return [
    ...describe("Time", [before?.wall_ms, after?.wall_ms], time),
    ...describe("CPU time", [before?.cpu_ms, after?.cpu_ms], time),
    ...describe("Memory", [before?.peak_memory_bytes, after?.peak_memory_bytes], memory),
  ];
}

interface Words {
  readonly less: string;
  readonly more: string;
  readonly format: (value: number) => string;
}

/** `12 ms faster (23 ms → 11 ms)`. */
function describe(
  name: string,
  [before, after]: readonly [number | undefined, number | undefined],
  { less, more, format }: Words,
): readonly Difference[] {
  if (before === undefined || after === undefined) return [];
  const [old, now] = [format(before), format(after)];
  if (old === now) return [{ name, text: `the same (${now})` }];
  const difference = format(Math.abs(after - before));
  const word = after < before ? less : more;
  return [{ name, text: `${difference} ${word} (${old} → ${now})` }];
}

/** A file or an input of the program that is another one. */
export interface ChangedText {
  readonly name: string;
  readonly kind: "added" | "removed" | "changed";
  /** Undefined where it is no text. */
  readonly texts: readonly [before: string, after: string] | undefined;
}

export function changedTexts(before: Project, after: Project): readonly ChangedText[] {
  const paths = new Set([...before.files, ...after.files].map(({ path }) => path));
  const files = [...paths].flatMap((path) => changedFile(path, before, after));
  const texts = [before.stdin, after.stdin] as const;
  const isInput = before.stdin !== after.stdin;
  return [
    ...files,
    ...(isInput ? [{ name: "Input (stdin)", kind: "changed" as const, texts }] : []),
  ];
}

function changedFile(path: string, before: Project, after: Project): readonly ChangedText[] {
  const [old, now] = [before, after].map(({ files }) => files.find((file) => file.path === path));
  if (old?.content === now?.content && old?.encoding === now?.encoding) return [];
  const kind = old === undefined ? "added" : now === undefined ? "removed" : "changed";
  const isText = [old, now].every((file) => (file?.encoding ?? "utf8") === "utf8");
  const texts = isText ? ([textOf(old), textOf(now)] as const) : undefined;
  return [{ name: path, kind, texts }];
}

const textOf = (file: ProjectFile | undefined): string => file?.content ?? "";

/** How the program was run otherwise. */
export function describeSettings(before: Project, after: Project): readonly Difference[] {
  return Object.entries(settings).flatMap(([name, read]) => {
    const [old, now] = [read(before), read(after)];
    return old === now ? [] : [{ name, text: `${old} → ${now}` }];
  });
}

const settings: Readonly<Record<string, (project: Project) => string>> = {
  Language: ({ language, version }) => (version === "" ? language : `${language} ${version}`),
  "File that is run": ({ files }) => files[0]?.path ?? "none",
  Arguments: ({ args }) => (args.length === 0 ? "none" : args.map(quoteWord).join(" ")),
  Terminal: ({ isTerminal }) => (isTerminal ? "yes" : "no"),
  Network: ({ network }) => network,
  "Files of the server's user": ({ hostFiles }) => hostFiles,
  "Time limit": ({ limits: { wallTimeMs } }) => format(wallTimeMs, formatMs),
  "Memory limit": ({ limits: { memoryBytes } }) => format(memoryBytes, formatBytes),
  "Limit of processes": ({ limits: { processes } }) => format(processes, String),
  "Limit of output": ({ limits: { outputBytes } }) => format(outputBytes, formatBytes),
};

const format = (limit: number | undefined, how: (value: number) => string): string =>
  limit === undefined ? "the server's" : how(limit);

const quoteWord = (word: string): string => (/^\S+$/.test(word) ? word : JSON.stringify(word));
