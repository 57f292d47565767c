/**
 * @module
 * Files that came back, and those that did not, in words.
 */
import { visibleText } from "./visible-text.ts";
import type { AnsweredArtifacts } from "./artifacts.tsx";

const MAX_NAME_CHARS = 120;
const MAX_SKIPPED = 10;

const reasons: Readonly<Record<string, string>> = {
  link: "it is a link",
  special: "it is a pipe, a socket or a device",
  too_large: "it is too large",
  unreadable: "it can't be read",
  name: "its name can't be written",
};

/** What is missing, one sentence each. */
export function describeMissing(artifacts: AnsweredArtifacts): readonly string[] {
  const { skipped, truncated, problem } = artifacts;
  const more = skipped.length - MAX_SKIPPED;
  return [
    ...(problem === undefined ? [] : [`The files could not be read: ${problem}`]),
    ...(truncated ? ["There are more or larger files than this server gives back."] : []),
    ...skipped
      .slice(0, MAX_SKIPPED)
      .map(({ path, reason }) => `${shownName(path)} did not come: ${reasons[reason] ?? reason}.`),
    ...(more > 0 ? [`${more} more did not come.`] : []),
  ];
}

/** In one line. */
export function shownName(path: string): string {
  const name = visibleText(path).replace(/\s+/g, " ");
  return name.length <= MAX_NAME_CHARS ? name : `…${name.slice(1 - MAX_NAME_CHARS)}`;
}

/** Without folders, and with nothing that would make it look like another. */
export function downloadName(path: string): string {
  const name = path.split("/").at(-1) ?? "";
  return visibleText(name).replace(/\s+/g, " ").slice(-MAX_NAME_CHARS) || "file";
}
