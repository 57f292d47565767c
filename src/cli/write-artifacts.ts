/**
 * @module
 * Files that a program left, for a folder of the caller. The program chose their names: they go into a
 * folder that had nothing in it, so that none of them takes the place of a file, and none below a name
 * that makes other programs act: in a `.git`, `git status` finds commands to run.
 */
import { mkdir, open, readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { GloveboxError, invalidRequest } from "../core/errors.ts";
import type { SkipReason } from "../core/collected.ts";
import { parseFilePath } from "../core/file-path.ts";
import type { SandboxFile } from "../core/sandbox.ts";
import { formatSizeBytes } from "../util/size.ts";
import { artifactsFolder, type Artifacts } from "../service/request.ts";
import { artifactBounds } from "./artifact-bounds.ts";

/**
 * Makes the folder.
 *
 * @returns Its absolute path.
 * @throws {GloveboxError} `INVALID_REQUEST` where it can't be made, or is not empty.
 */
export async function prepareOut(out: string, cwd: string): Promise<string> {
  const folder = resolve(cwd, out);
  try {
    await mkdir(folder, { recursive: true });
    if ((await readdir(folder)).length === 0) return folder;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidRequest("--out", `cannot make the folder \`${out}\`: ${reason}.`);
  }
  throw invalidRequest(
    "--out",
    `\`${out}\` is not empty, and a program that nobody trusts chooses the names. Name a new folder.`,
  );
}

/** Where files go. */
export interface OutFolder {
  /** See `prepareOut`. */
  readonly folder: string;
  /** What was asked for. */
  readonly paths: readonly string[];
  readonly provider: string;
}

/**
 * Folders and files that programs of the caller act on unasked, once they are in the folder: git (also
 * as a bare repository's `HEAD`), direnv, and editors that run tasks. As file systems without case see them.
 */
const actedOn = /(?:^|\/)(?:\.git|git~1|\.envrc|\.vscode|\.idea|HEAD)(?:\/|$)/i;

const toDangerous = ({ path }: SandboxFile) => ({ path, reason: "dangerous" }) as const;

const reasonTexts = {
  special: "it is neither a file nor a folder",
  link: "it is a link",
  tooLarge: "it is too large",
  unreadable: "the program itself could not read it",
  name: "its name can't be shown or written",
  dangerous: "programs of yours would act on it, as git does on a folder `.git`",
} satisfies Record<SkipReason | "dangerous", string>;

/**
 * @returns What to tell the caller, a line each.
 * @throws {GloveboxError} `SANDBOX_FAILED` where a file can't be written: the folder has what came before.
 */
export async function writeArtifacts(
  { files, skipped, isComplete, problem }: Artifacts,
  { folder, paths, provider }: OutFolder,
): Promise<readonly string[]> {
  const isHarmless = ({ path }: Pick<SandboxFile, "path">): boolean => !actedOn.test(path);
  for (const { path, content } of files.filter(isHarmless)) {
    // Checked when it came out; nothing is written on the strength of a promise.
    if (!parseFilePath(path).ok) continue;
    const target = join(folder, targetOf(path, paths));
    await writeNew(target, content).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `--out: cannot write \`${target}\`: ${reason}.`;
      throw new GloveboxError("SANDBOX_FAILED", message, { provider, step: "bring files out" });
    });
  }
  const isBelow = (asked: string) => (entry: { readonly path: string }) =>
    asked === "." || entry.path === asked || entry.path.startsWith(`${asked}/`);
  const missing = paths.filter(
    (asked) => asked !== artifactsFolder && ![...files, ...skipped].some(isBelow(asked)),
  );
  const leftOut = [...skipped, ...files.filter((file) => !isHarmless(file)).map(toDangerous)];
  const notes = [
    ...leftOut.map(
      ({ path, reason }) => `left out ${JSON.stringify(path)}: ${reasonTexts[reason]}`,
    ),
    ...(isComplete ? missing.map((path) => `${JSON.stringify(path)} was not there`) : []),
  ];
  if (isComplete) return notes;
  if (problem !== undefined) return [...notes, `brought no files back: ${problem}`];
  const { maxFiles, maxBytes } = artifactBounds;
  return [
    ...notes,
    `brought back as much as is allowed: ${maxFiles} files, or ${formatSizeBytes(maxBytes)}`,
  ];
}

async function writeNew(target: string, content: Uint8Array): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const file = await open(target, "wx", 0o644);
  try {
    await file.writeFile(content);
  } finally {
    await file.close();
  }
}

/** `out/plot.png` is `plot.png` in the folder, where nothing but `out` was asked for. */
function targetOf(path: string, paths: readonly string[]): string {
  const isUsual = paths.every((asked) => asked === artifactsFolder);
  return isUsual ? path.slice(artifactsFolder.length + 1) : path;
}
