import type { LoadedLanguage } from "../../core/language.ts";

/** What a language's tree is called among the images. */
export function treeName({ id }: Pick<LoadedLanguage, "id">): string {
  return `glovebox/${id}:debian`;
}
