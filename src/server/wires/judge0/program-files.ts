/**
 * @module
 * The files that a submission's program consists of.
 */
import type { LoadedLanguage } from "../../../core/language.ts";
import type { SandboxFile } from "../../../core/sandbox.ts";
import { mainFileOf } from "../../../languages/from-code.ts";
import { compiledFolder, multiFileProgram } from "./multi-file.ts";
import { executableId, multiFileId, plainTextId } from "./special-ids.ts";

export interface ProgramFiles {
  /** The main file first; paths are unique. */
  readonly files: readonly SandboxFile[];
  /** Which of them is the source code; null: none is. */
  readonly sourcePath: string | null;
  /** What comes back with the report. */
  readonly artifacts: readonly string[];
  /** Whether the zip has a script that compiles. */
  readonly hasCompileScript: boolean;
}

interface Given {
  readonly languageId: number | undefined;
  readonly sourceCode: Buffer;
}

const scriptPath = ".glovebox-judge0.sh";

/**
 * @param additional Of the zip: none of them takes the place of the source code.
 * @returns Undefined for a multi-file program without `run`.
 */
export function programFiles(
  { languageId, sourceCode }: Given,
  language: LoadedLanguage,
  additional: readonly SandboxFile[],
): ProgramFiles | undefined {
  switch (languageId) {
    case plainTextId:
      return withSource("text.txt", sourceCode, additional, "cat text.txt");
    case executableId: {
      const script = 'chmod +x a.out && exec ./a.out "$@"';
      return withSource("a.out", sourceCode, additional, script);
    }
    case multiFileId:
      return project(additional);
    default:
      return withSource(mainFileOf(language, sourceCode), sourceCode, additional);
  }
}

function withSource(
  sourcePath: string,
  sourceCode: Buffer,
  additional: readonly SandboxFile[],
  script?: string,
): ProgramFiles {
  const own = [
    ...(script === undefined ? [] : [scriptFile(`${script}\n`)]),
    { path: sourcePath, content: sourceCode },
  ];
  return {
    files: [...own, ...without(additional, own)],
    sourcePath,
    artifacts: [],
    hasCompileScript: false,
  };
}

function project(additional: readonly SandboxFile[]): ProgramFiles | undefined {
  const found = multiFileProgram(additional);
  if (found === undefined) return undefined;
  const own = [scriptFile(found.script)];
  return {
    files: [...own, ...without(additional, own)],
    sourcePath: null,
    artifacts: found.hasCompile ? [compiledFolder] : [],
    hasCompileScript: found.hasCompile,
  };
}

function scriptFile(text: string): SandboxFile {
  return { path: scriptPath, content: Buffer.from(text) };
}

function without(
  files: readonly SandboxFile[],
  own: readonly SandboxFile[],
): readonly SandboxFile[] {
  return files.filter(({ path }) => own.every((other) => other.path !== path));
}
