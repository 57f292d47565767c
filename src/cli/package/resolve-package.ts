/**
 * @module
 * From an approved package to the program that the service runs.
 */
import { resolve } from "node:path/posix";
import { invalidRequest, isGloveboxError } from "../../core/errors.ts";
import type { WorkspaceMount } from "../../core/policy.ts";
import { workspacePath } from "../../core/sandbox.ts";
import { mainFileOf } from "../../languages/from-code.ts";
import { imageOfPackage } from "../../packages/image-of-package.ts";
import type { Package } from "../../packages/package.ts";
import { parseLanguage } from "../language-of-file.ts";
import { findHostProgram } from "./host-program.ts";
import type { ResolvedProgram, Surroundings } from "../resolved-program.ts";
import type { RunForm } from "../run-form.ts";
import { printNote } from "../print.ts";
import { checkWritable, implicitWorkspace } from "../workspace-flag.ts";

type PackageForm = Extract<RunForm, { kind: "package" }>;

/** @throws {GloveboxError} `INVALID_REQUEST`, `UNKNOWN_LANGUAGE` */
export function resolvePackage(
  { package: it, args }: PackageForm,
  { cwd, home, languages }: Surroundings,
): ResolvedProgram {
  const workspace = workspaceOf(it, cwd, home);
  const mounted = workspace === undefined ? {} : { workspace };
  const start = it.working_dir === undefined ? {} : { cwd: resolve(workspacePath, it.working_dir) };
  const words = [...it.arguments, ...args];
  if (it.script === undefined) {
    // A package without either has that of its image since it was approved.
    const [program = "", ...rest] = it.command ?? [];
    const argv = [
      imageOfPackage(it) === undefined ? findHostProgram(program, it) : program,
      ...rest,
      ...words,
    ];
    return { program: { kind: "command", argv, ...mounted }, args: [], stdin: "free", ...start };
  }
  const { language, version } = parseLanguage("language", it.language ?? "", languages());
  if (language.compile !== undefined && workspace !== undefined) {
    throw invalidRequest(
      "workspace",
      `${it.name}: ${language.title} is compiled first, in a folder of its own. Write \`workspace: none\`.`,
    );
  }
  const content = Buffer.from(it.script);
  const main = { path: mainFileOf(language, content), content };
  const code = { kind: "code", language: language.id, files: [main], entry: main.path } as const;
  return {
    program: { ...code, ...(version === undefined ? {} : { version }), ...mounted },
    ...{ language, args: words, stdin: "free", ...start },
  };
}

/** In a home nobody expects a package to be shown all of it: there it has an empty folder. */
function workspaceOf(
  { name, workspace: access }: Package,
  cwd: string,
  home: string,
): WorkspaceMount | undefined {
  if (access === "none") return undefined;
  try {
    return checkWritable({ ...implicitWorkspace(cwd, home), access });
  } catch (error) {
    if (!isGloveboxError(error)) throw error;
    printNote(
      `${name} does not see this folder: it is Glovebox's own, or holds your home, or all of this machine`,
    );
    return undefined;
  }
}
