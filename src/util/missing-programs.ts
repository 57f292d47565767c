import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Those of `programs` that no folder of `env`'s PATH has. */
export function missingPrograms(
  programs: readonly string[],
  env: NodeJS.ProcessEnv,
): readonly string[] {
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return programs.filter((program) => !folders.some((folder) => canStart(join(folder, program))));
}

function canStart(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
