import { ownRepository } from "../../core/image.ts";
import type { LoadedLanguage } from "../../core/language.ts";

/** What a language's tree is called among the images. */
export function treeName({ id }: Pick<LoadedLanguage, "id">): string {
  return `${ownRepository(id)}:debian`;
}
