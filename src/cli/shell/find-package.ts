/**
 * @module
 * Packages as the first words of commands: by the names of those that were approved, or by their file.
 */
import { existsSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, resolve } from "node:path";
import { hashOf, openApprovals, type Approval, type Approvals } from "../../packages/approvals.ts";
import type { Package } from "../../packages/package.ts";
import { expandHome } from "../../permissions/path-pattern.ts";
import type { FindPackage, FoundPackage } from "../../shell/host.ts";
import { stateFolder } from "../../util/user-folders.ts";
import { approve, type OpenApprovalTerminal } from "../package/approve.ts";
import { rawOfPackage } from "../package/raw-of-package.ts";
import { readPackageText } from "../package/run-package.ts";
import { requireStateFolder } from "../permission-place.ts";
import type { RunForm } from "../run-form.ts";
import { parseRunOptions, type RunOptions } from "../run-options.ts";

export function packageFinder(): FindPackage {
  return async (word) => {
    const approvals = approvalsHere();
    if (!word.includes("/")) {
      const known = approvals
        ?.all()
        .find((each) => isCommand(each) && basename(each.path) === word && existsSync(each.path));
      return known === undefined ? undefined : { name: word, file: known.path };
    }
    const file = resolve(word);
    return (await isPackage(file)) ? { name: word, file: realpathSync(file) } : undefined;
  };
}

/**
 * Those that somebody added. One that was run where it lies, a project's `./git`, may not have been asked
 * about at all: it must not become what `git` means from then on.
 */
const isCommand = ({ source }: Approval): boolean => source !== undefined;

/** Names of those that were added. */
export const packageNames = (): readonly string[] =>
  approvalsHere()
    ?.all()
    .filter(isCommand)
    .map(({ path }) => basename(path)) ?? [];

/** Undefined for a user without a home. */
function approvalsHere(): Approvals | undefined {
  const folder = stateFolder(process.env);
  return folder === undefined ? undefined : openApprovals(folder);
}

/** A script of this shell names us in its first line, too. */
const shellScript = /^#![^\n]*\b(glovebox\s+shell\b|coderun\s+--?)/;

async function isPackage(file: string): Promise<boolean> {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return false;
  try {
    const text = readPackageText(file);
    if (!text.startsWith("#!")) return false;
    // Most words are no packages, and what reads them takes long to load.
    const { kindOfPackage } = await import("../../packages/parse-package.ts");
    return kindOfPackage(text) !== undefined && !shellScript.test(text);
  } catch {
    return false;
  }
}

export interface PackageRun {
  readonly form: RunForm;
  readonly options: RunOptions;
}

export interface PackagePlace {
  readonly env: NodeJS.ProcessEnv;
  readonly hasTerminal: boolean;
  /** `ro`: whoever wrote the line may write nothing, and neither may what it starts. */
  readonly access: "ro" | "rw";
  /** Where its user can be asked. */
  readonly openApproval: OpenApprovalTerminal;
}

/** @throws {GloveboxError} `PACKAGE_NOT_APPROVED` for one that its user does not agree to. */
export async function packageRun(
  { name, file }: FoundPackage,
  args: readonly string[],
  { env, hasTerminal, access, openApproval }: PackagePlace,
): Promise<PackageRun> {
  const text = readPackageText(file);
  const sha256 = hashOf(text);
  const approvals = openApprovals(requireStateFolder(process.env));
  const agreed =
    approvals.find(sha256) ??
    (await approve({ path: file, name, text, sha256 }, approvals, openApproval));
  const found = access === "rw" ? agreed : readingOnly(agreed);
  const raw = rawOfPackage(found, {
    ...{ env, hasTerminal },
    exists: (path) => existsSync(expandHome(path, homedir())),
  });
  return {
    form: { kind: "package", package: found, args },
    options: parseRunOptions(raw, env),
  };
}

/** Its user agreed to what it does with words of theirs, not with those of a script. */
function readingOnly(it: Package): Package {
  const { workspace, files } = it;
  return {
    ...it,
    workspace: workspace === "rw" ? "ro" : workspace,
    files: files === "ask" ? files : files.map((file) => ({ ...file, access: "ro" })),
  };
}
