/**
 * @module
 * Judge0's multi-file programs: a zip with the bash scripts `run` and, perhaps, `compile`. Both run in
 * one sandbox, as one run of ours, with a script of ours around them; what `compile` said comes back as
 * an artifact.
 */
import type { SandboxFile } from "../../../core/sandbox.ts";
import type { ReportJson } from "../../../service/report-json.ts";

export const compiledFolder = ".glovebox-judge0";

/** Names of the two scripts: those of Judge0 1.13, and of later ones. */
const compileNames = ["compile", "compile.sh"];
const runNames = ["run", "run.sh"];

export interface MultiFileProgram {
  readonly script: string;
  readonly hasCompile: boolean;
}

/** @returns Undefined where there is no `run`. */
export function multiFileProgram(
  files: readonly Pick<SandboxFile, "path">[],
): MultiFileProgram | undefined {
  const find = (names: readonly string[]): string | undefined =>
    names.find((name) => files.some(({ path }) => path === name));
  const run = find(runNames);
  const compile = find(compileNames);
  if (run === undefined) return undefined;
  const lines = [...(compile === undefined ? [] : compileLines(compile)), `exec bash ${run} "$@"`];
  return { script: `${lines.join("\n")}\n`, hasCompile: compile !== undefined };
}

function compileLines(compile: string): readonly string[] {
  return [
    `mkdir ${compiledFolder}`,
    `bash ${compile} > ${compiledFolder}/output 2>&1 < /dev/null || {`,
    `  : > ${compiledFolder}/failed`,
    "  exit 1",
    "}",
  ];
}

export function compileFailed({ artifacts }: ReportJson): boolean {
  return artifacts?.files.some(({ path }) => path === `${compiledFolder}/failed`) ?? false;
}

/** Undefined where nothing was compiled. */
export function compileOutputOf({ artifacts }: ReportJson): Buffer | undefined {
  const file = artifacts?.files.find(({ path }) => path === `${compiledFolder}/output`);
  return file && Buffer.from(file.content, file.encoding);
}
