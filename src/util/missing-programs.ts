import { delimiter, join } from "node:path";
import { isExecutable } from "./is-executable.ts";

/** Those of `programs` that no folder of `env`'s PATH has. */
export function missingPrograms(
  programs: readonly string[],
  env: NodeJS.ProcessEnv,
): readonly string[] {
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return programs.filter(
    (program) => !folders.some((folder) => isExecutable(join(folder, program))),
  );
}
