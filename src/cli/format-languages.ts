/**
 * @module
 * What `glovebox languages` prints.
 */
import { madeHereFor } from "../core/image.ts";
import type { LoadedLanguage, Runtime } from "../core/language.ts";
import type { Provider } from "../core/provider.ts";
import { installCommand } from "../service/runtimes.ts";
import { formatBytes } from "./image-progress.ts";
import type { Paint } from "./print.ts";
import { formatTable } from "./table.ts";

export interface ListedRuntime extends Runtime {
  /** Of its tree, image or npm packages on the disk; undefined for the host's own, or where nobody knows. */
  readonly sizeBytes: number | undefined;
}

type ProgramsOf = Pick<Provider, "programs">;

/** A line a language, and one more for each further version: within 80 columns. */
export function describeLanguages(
  provider: ProgramsOf,
  languages: readonly LoadedLanguage[],
  runtimes: readonly ListedRuntime[],
  paint: Paint,
): string {
  const missing = new Set<string>();
  const rows = languages.flatMap((language) => {
    const found = runtimesOf(language, runtimes).map(describeRuntime);
    const [first = installCommand(provider, language), ...others] = found;
    if (found.length === 0) missing.add(first);
    return [
      [language.id, shorten(language.title), first],
      ...others.map((other) => ["", "", other]),
    ];
  });
  const titles = ["LANGUAGE", "TITLE", "VERSION, OR HOW TO GET IT"];
  return formatTable([titles, ...rows], (cell, { row }) => {
    if (row === 0) return paint("bold", cell);
    return missing.has(cell) ? paint("dim", cell) : cell;
  });
}

/** The longest command beside it has 39 characters, the longest id 12. */
const MAX_TITLE_CHARS = 25;

function shorten(title: string): string {
  return title.length > MAX_TITLE_CHARS ? `${title.slice(0, MAX_TITLE_CHARS - 1)}…` : title;
}

/** For `--json`. */
export function languagesDocument(
  provider: ProgramsOf,
  languages: readonly LoadedLanguage[],
  runtimes: readonly ListedRuntime[],
): Record<string, unknown> {
  const rows = languages.map((language) => {
    const found = runtimesOf(language, runtimes);
    return {
      id: language.id,
      title: language.title,
      aliases: language.aliases,
      extensions: language.extensions,
      highlight: language.highlight,
      version: found[0]?.version ?? null,
      installed: found.length > 0,
      runtimes: found.map(({ version, image = null, sizeBytes = null }) => {
        return { version, image, size_bytes: sizeBytes };
      }),
      install: installCommand(provider, language),
    };
  });
  return { languages: rows };
}

/** `3.13.1 (python:3.13, 412.0 MB)`, `5.4.4 (made here, 104.0 MB)`, `2.9.6 (npm, 95.7 MB)` */
function describeRuntime({ version, image, sizeBytes }: ListedRuntime): string {
  const text = version ?? "installed";
  // Of this host, what npm brought alone has a size.
  if (image === undefined && sizeBytes === undefined) return text;
  const size = sizeBytes === undefined ? "" : `, ${formatBytes(sizeBytes)}`;
  // The name of what is made here would be wider than the column.
  const isMadeHere = image !== undefined && madeHereFor(image) !== undefined;
  return `${text} (${isMadeHere ? "made here" : (image ?? "npm")}${size})`;
}

function runtimesOf(
  { id }: LoadedLanguage,
  runtimes: readonly ListedRuntime[],
): readonly ListedRuntime[] {
  return runtimes.filter(({ languageId }) => languageId === id);
}
