/**
 * @module
 * From the words of `glovebox run` to the program that the service runs.
 */
import { realpathSync } from "node:fs";
import { relative, resolve } from "node:path";
import { invalidRequest } from "../core/errors.ts";
import type { WorkspaceMount } from "../core/policy.ts";
import type { SandboxFile } from "../core/sandbox.ts";
import { mainFileOf } from "../languages/from-code.ts";
import type { Program } from "../service/request.ts";
import {
  languageOfFile,
  parseLanguage,
  pathInside,
  type WantedLanguage,
} from "./language-of-file.ts";
import { readBounded } from "./own-stdin.ts";
import { checkUniquePaths, readExtraFiles, readHead, readHostFile } from "./program-files.ts";
import type { ResolvedProgram, Surroundings } from "./resolved-program.ts";
import type { RunForm } from "./run-form.ts";
import type { RunOptions } from "./run-options.ts";
import { implicitWorkspace, isInside, parseWorkspace } from "./workspace-flag.ts";

/** @throws {GloveboxError} `INVALID_REQUEST`, `UNKNOWN_LANGUAGE` */
export async function resolveProgram(
  form: RunForm,
  options: RunOptions,
  surroundings: Surroundings,
): Promise<ResolvedProgram> {
  switch (form.kind) {
    case "command":
      return resolveCommand(form.argv, options, surroundings);
    case "code":
      return resolveCode(form, options, surroundings);
    case "package":
      return (await import("./package/resolve-package.ts")).resolvePackage(form, surroundings);
    case "file":
      if (form.file === "-") return resolveStdinCode(form.args, options, surroundings);
      if (options.workspace !== undefined) {
        const workspace = parseWorkspace(options.workspace, surroundings.cwd);
        return resolveMountedFile(form, options, workspace, surroundings);
      }
      if (options.provider === "lambda") {
        // A function is a folder: what a handler needs lies beside it.
        const workspace = implicitWorkspace(surroundings.cwd, surroundings.home);
        return resolveMountedFile(form, options, workspace, surroundings);
      }
      return resolveFile(form, options, surroundings);
  }
}

type FileForm = Extract<RunForm, { kind: "file" }>;
type CodeForm = Extract<RunForm, { kind: "code" }>;

function resolveCommand(
  argv: readonly string[],
  options: RunOptions,
  { cwd, home }: Surroundings,
): ResolvedProgram {
  refuseExtraFiles(options, "a command sees the folder that is its workspace");
  const workspace =
    options.workspace === undefined
      ? usualWorkspace(options, cwd, home)
      : parseWorkspace(options.workspace, cwd);
  const program = {
    kind: "command",
    argv,
    ...(workspace === undefined ? {} : { workspace }),
  } as const;
  return { program, args: [], stdin: "free" };
}

/** A server has no folder of ours to show: there it is an empty one. */
function usualWorkspace({ provider }: RunOptions, cwd: string, home: string) {
  return provider === "remote" ? undefined : implicitWorkspace(cwd, home);
}

function resolveCode(
  form: CodeForm,
  options: RunOptions,
  { cwd, languages }: Surroundings,
): ResolvedProgram {
  refuseWorkspace(options, "--code");
  const wanted = parseLanguage("--language", form.language, languages());
  const content = Buffer.from(form.code);
  const main = { path: mainFileOf(wanted.language, content), content };
  return codeProgram(wanted, main, form.args, options, cwd);
}

async function resolveStdinCode(
  args: readonly string[],
  options: RunOptions,
  { cwd, stdin, languages }: Surroundings,
): Promise<ResolvedProgram> {
  refuseWorkspace(options, "code from stdin (`-`)");
  const wanted = parseLanguage("--language", options.language ?? "", languages());
  const source = stdin();
  const content =
    source === "empty"
      ? Buffer.alloc(0)
      : await readBounded(source, options.limits.diskBytes, "FILE: stdin");
  const main = { path: mainFileOf(wanted.language, content), content };
  return { ...codeProgram(wanted, main, args, options, cwd), stdin: "used" };
}

function resolveFile(
  { file, args }: FileForm,
  options: RunOptions,
  { cwd, languages }: Surroundings,
): ResolvedProgram {
  const maxBytes = options.limits.diskBytes;
  const { content, executable } = readHostFile("FILE", file, { cwd, maxBytes });
  const wanted = languageOfFile(languages(), file, content, options.language);
  const main = { path: pathInside(wanted.language, file, content), content, executable };
  return codeProgram(wanted, main, args, options, cwd);
}

/** The file is run where it lies, in the mounted folder. */
function resolveMountedFile(
  { file, args }: FileForm,
  options: RunOptions,
  workspace: WorkspaceMount,
  { cwd, languages }: Surroundings,
): ResolvedProgram {
  refuseExtraFiles(options, "the program sees the folder of --workspace");
  const head = readHead("FILE", file, cwd);
  const hostPath = realpathSync(resolve(cwd, file));
  if (!isInside(workspace.hostPath, hostPath)) {
    throw invalidRequest(
      "FILE",
      `\`${file}\` is not in the workspace \`${workspace.hostPath}\`. Name a file in it, or leave --workspace out.`,
    );
  }
  const wanted = languageOfFile(languages(), file, head, options.language);
  const { language } = wanted;
  if (language.compile !== undefined) {
    throw invalidRequest(
      "--workspace",
      `${language.title} is compiled first, and that needs a workspace of its own. ` +
        `Leave --workspace out and add files with --file, or run the compiler with \`-- CMD\`.`,
    );
  }
  const entry = relative(workspace.hostPath, hostPath);
  const program: Program = { ...codeOf(wanted, options), files: [], entry, workspace };
  return { program, language, args, stdin: "free" };
}

function codeProgram(
  wanted: WantedLanguage,
  main: SandboxFile,
  args: readonly string[],
  options: RunOptions,
  cwd: string,
): ResolvedProgram {
  const maxBytes = options.limits.diskBytes - main.content.byteLength;
  const files = [main, ...readExtraFiles(options.extraFiles, { cwd, maxBytes })];
  checkUniquePaths(files);
  const program: Program = { ...codeOf(wanted, options), files, entry: main.path };
  return { program, language: wanted.language, args, stdin: "free" };
}

/** @throws {GloveboxError} `INVALID_REQUEST` for a version of an image that the caller chose, too. */
function codeOf(
  { language, version = "*" }: WantedLanguage,
  { image }: RunOptions,
): { readonly kind: "code"; readonly language: string; readonly version?: string } {
  if (version === "*") return { kind: "code", language: language.id };
  if (image === undefined) return { kind: "code", language: language.id, version };
  throw invalidRequest(
    "--language",
    `\`${language.id}@${version}\` can't be used with --image: \`${image}\` has the version that it has. Leave one of them out.`,
  );
}

function refuseWorkspace({ workspace }: RunOptions, what: string): void {
  if (workspace === undefined) return;
  throw invalidRequest(
    "--workspace",
    `\`${workspace}\` can't be used with ${what}: a folder of yours is never written to. ` +
      `Put the code into a file there, or leave --workspace out.`,
  );
}

function refuseExtraFiles({ extraFiles }: RunOptions, reason: string): void {
  const [first] = extraFiles;
  if (first === undefined) return;
  throw invalidRequest("--file", `\`${first}\` can't be added: ${reason}. Leave --file out.`);
}
