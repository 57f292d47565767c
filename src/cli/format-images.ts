/**
 * @module
 * What `glovebox images ls` prints.
 */
import { makeCommand, type StoredImage } from "../core/image.ts";
import { formatBytes } from "./image-progress.ts";
import type { ImageTarget } from "./image-targets.ts";
import type { Paint } from "./print.ts";
import { formatTable } from "./table.ts";

export interface ListedImage {
  readonly target: ImageTarget;
  /** Undefined where it is not there. */
  readonly stored: StoredImage | undefined;
}

/** @param provider Whose images they are. */
export function formatImages(
  listed: readonly ListedImage[],
  provider: string,
  paint: Paint,
): string {
  const rows = listed.map(({ target, stored }) => [
    target.languages.length === 0 ? "-" : target.languages.join(", "),
    target.image,
    stored === undefined ? "missing" : formatBytes(stored.sizeBytes),
    stored === undefined ? getCommand(target, provider) : "",
  ]);
  return formatTable([["LANGUAGE", "IMAGE", "SIZE", "GET IT WITH"], ...rows], (cell, place) => {
    if (place.row === 0) return paint("bold", cell);
    return cell === "missing" ? paint("yellow", cell) : cell;
  });
}

/** For `--json`. */
export function imagesDocument(
  listed: readonly ListedImage[],
  provider: string,
): Record<string, unknown> {
  const images = listed.map(({ target, stored }) => ({
    image: target.image,
    languages: target.languages,
    present: stored !== undefined,
    id: stored?.id ?? null,
    size_bytes: stored?.sizeBytes ?? null,
    get: getCommand(target, provider),
  }));
  return { images };
}

/** The command that gets an image where it is not there, and anew where it is. */
export function getCommand(
  { image, languages, dockerfile }: ImageTarget,
  provider: string,
): string {
  const made = makeCommand(image, provider);
  if (made !== undefined && !(provider === "docker" && dockerfile !== undefined)) return made;
  const how = dockerfile === undefined ? "pull" : "build";
  const where = provider === "docker" ? "" : ` --provider ${provider}`;
  return `glovebox images ${how} ${languages[0] ?? image}${where}`;
}
