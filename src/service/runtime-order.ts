/**
 * @module
 * Of several images of a language the newest: by what they say of themselves, else by their tags.
 */
import type { Runtime } from "../core/language.ts";
import { matchesVersion } from "../languages/version.ts";
import { repositoryOf, type RuntimePlace } from "./runtime-place.ts";

/** One that may be the newest. */
interface Candidate {
  readonly place: RuntimePlace;
  /** No version of it is newer; see `compare`. */
  readonly newest: readonly number[];
  /** False: its tag says that it is another version than the one asked for. */
  readonly isLikely: boolean;
  readonly isKnown: boolean;
}

/**
 * The place with the newest version that was asked for; undefined where none has it. Asks no more than
 * are needed to know, going by their tags: `3` may be newer than `3.13`, and `3.9` is not. Those of
 * which the tag says another version come last, for it may be wrong: all are asked where none has it.
 *
 * @param wanted See `matchesVersion`.
 * @param ask Null where the language is not there.
 */
export async function newestOf(
  places: readonly RuntimePlace[],
  wanted: string,
  ask: (place: RuntimePlace) => Promise<Runtime | null>,
): Promise<RuntimePlace | undefined> {
  let candidates = places.map((place) => byTag(place, wanted)).sort(compareCandidates);
  for (;;) {
    const [first, ...others] = candidates;
    if (first === undefined || first.isKnown) return first?.place;
    const runtime = await ask(first.place);
    candidates = others;
    if (runtime === null || !matchesVersion(wanted, runtime.version)) continue;
    const newest = numbersOf(runtime.version ?? "");
    const known = { ...first, newest, isLikely: true, isKnown: true };
    candidates = [known, ...others].sort(compareCandidates);
  }
}

/** For `sort`: the newest first, those that said no version last. */
export function compareRuntimes(left: Runtime, right: Runtime): number {
  return compare(numbersOf(right.version ?? ""), numbersOf(left.version ?? ""));
}

function byTag(place: RuntimePlace, wanted: string): Candidate {
  const image = place.image ?? "";
  const tag = image.slice(repositoryOf(image).length + 1);
  const numbers = numbersOf(tag);
  const isLikely =
    wanted === "*" || numbersOf(wanted).every((part, index) => part === (numbers[index] ?? part));
  return { place, newest: [...numbers, Infinity], isLikely, isKnown: false };
}

/** `[3, 13]` of `3.13-slim` and `v3.13`; nothing of `latest`. */
function numbersOf(text: string): readonly number[] {
  const [numbers = ""] = /^v?\d+(\.\d+)*/i.exec(text) ?? [];
  return numbers.replace(/^v/i, "").split(".").filter(Boolean).map(Number);
}

function compareCandidates(left: Candidate, right: Candidate): number {
  const likely = Number(right.isLikely) - Number(left.isLikely);
  return likely === 0 ? compare(right.newest, left.newest) : likely;
}

/** Part by part; what has fewer parts is older. */
function compare(left: readonly number[], right: readonly number[]): number {
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const [own = -1, other = -1] = [left[index], right[index]];
    if (own !== other) return own - other;
  }
  return 0;
}
