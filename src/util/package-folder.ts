/**
 * @module
 * Where this package is: its data and its launcher lie beside its code, which may be run from
 * `src`, from `dist` or from a chunk of the bundle.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The nearest folder above this module that has a package.json; an absolute path. */
export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${import.meta.url}`);
    folder = parent;
  }
  return folder;
}

/** What `openBuiltLanguages` reads of the build. */
export function languageDataFolder(): string {
  return join(packageFolder(), "dist/language-data");
}
