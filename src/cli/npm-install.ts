/**
 * @module
 * `glovebox languages install` for what npm ships: it comes into a folder of this user's data, without
 * root, and without running anything of it. npm checks each package by the registry's hash, and keeps
 * what it has fetched for the next attempt.
 */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { GloveboxError } from "../core/errors.ts";
import type { LoadedLanguage } from "../core/language.ts";
import { findNpmFolder, npmFolder, npmProgram, readNpmDescription } from "../service/npm-folder.ts";
import { startOwned } from "./debian-tree/owned-process.ts";
import { withWorkFolder } from "./debian-tree/work-folder.ts";
import { formatBytes } from "./image-progress.ts";
import { describeTree, linkPrograms } from "./npm-programs.ts";
import { printNote } from "./print.ts";
import { formatError } from "./print-error.ts";
import { openToolOutput, type ToolTalk } from "./tool-output.ts";
import { isExecutable } from "../util/is-executable.ts";

export interface NpmInstall extends ToolTalk {
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (text: string) => void;
}

/** Whatever the settings of this user and of the folder say. */
const flags = [
  ...["--location=project", "--install-strategy=hoisted", "--package-lock", "--no-dry-run"],
  // A package's own scripts would run outside of any sandbox.
  "--ignore-scripts",
  // Programs for one kind of machine are optional packages of the one for all.
  ...["--include=optional", "--omit=dev"],
  ...["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"],
];

/**
 * Brings each that is not there yet. One that fails keeps no other from its turn.
 *
 * @returns 1 where one failed, else 0.
 * @throws The reason of `signal` after its abort.
 */
export async function installByNpm(
  languages: readonly LoadedLanguage[],
  talk: ToolTalk,
  signal: AbortSignal,
): Promise<number> {
  const onProgress = talk.isQuiet ? () => undefined : printNote;
  let exitCode = 0;
  for (const language of languages) {
    try {
      await installNpmLanguage(language, { ...talk, env: process.env, onProgress }, signal);
    } catch (error) {
      signal.throwIfAborted();
      exitCode = 1;
      process.stderr.write(formatError(error, talk.isVerbose ? "verbose" : "normal"));
    }
  }
  return exitCode;
}

/**
 * Brings a language that is not there yet.
 *
 * @throws {GloveboxError} `PROVIDER_UNAVAILABLE` where npm or a place is missing, `SANDBOX_FAILED`
 * where npm failed.
 * @throws The reason of `signal` after its abort.
 */
export async function installNpmLanguage(
  language: LoadedLanguage,
  { env, onProgress, ...talk }: NpmInstall,
  signal: AbortSignal,
): Promise<void> {
  const { id, install } = language;
  const packages = install.npm ?? [];
  if (isThere(language, env)) {
    onProgress(`${id}: it is there; to make it anew: glovebox languages remove ${id}`);
    return;
  }
  const npm = findNpm(env);
  const all = await makeFolder(env);
  onProgress(`${id}: fetching ${packages.join(", ")} by npm`);
  const startedAt = performance.now();
  const description = await withWorkFolder({ ...env, TMPDIR: all }, false, async (work) => {
    const tree = join(work, "tree");
    await fetchInto(tree, packages, { npm, env, title: `${id}: npm`, ...talk }, signal);
    await finishTree(tree, language);
    // Of our own: another install may take it away again as soon as it is there.
    const made = readNpmDescription(tree);
    return (await publish(tree, join(all, id), join(work, "old"))) ? made : undefined;
  });
  if (description === undefined) {
    onProgress(`${id}: another install has brought it`);
    return;
  }
  const { packages: brought, sizeBytes } = description;
  const names = brought.map(({ name, version }) => `${name} ${version}`).join(", ");
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  onProgress(`${id}: ${names}; ${formatBytes(sizeBytes)}, in ${seconds} s`);
}

function isThere(language: LoadedLanguage, env: NodeJS.ProcessEnv): boolean {
  const folder = findNpmFolder(language, env);
  return folder !== undefined && npmProgram(folder, programOf(language)) !== undefined;
}

const programOf = ({ version }: LoadedLanguage): string => version.argv[0] ?? "";

interface FetchByNpm extends ToolTalk {
  readonly npm: string;
  readonly env: NodeJS.ProcessEnv;
  readonly title: string;
}

async function fetchInto(
  tree: string,
  packages: readonly string[],
  { npm, env, ...talk }: FetchByNpm,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(tree);
  const dependencies = Object.fromEntries(packages.map(splitPackage));
  await writeFile(join(tree, "package.json"), JSON.stringify({ private: true, dependencies }));
  // As root, sandboxes read it as somebody else.
  const open = ["sh", "-c", 'umask 022; exec "$@"', "sh"];
  const argv = [...open, npm, "install", `--prefix=${tree}`, ...flags];
  // Its first line is `#!/usr/bin/env node`.
  const path = [env["PATH"] ?? "", dirname(process.execPath)].join(delimiter);
  using said = openToolOutput(talk);
  const { stdout, stderr, ended } = startOwned(argv, { ...env, PATH: path }, signal);
  said.follow(stdout);
  said.follow(stderr);
  const exitCode = await ended;
  signal.throwIfAborted();
  if (exitCode === 0) return;
  said.showEnd();
  throw failed(
    `\`npm install ${packages.join(" ")}\` failed with code ${String(exitCode)}; what it said last is above. It keeps what it has fetched for the next attempt.`,
  );
}

/** `@scope/name@^1` -> its name and range. */
function splitPackage(text: string): readonly [name: string, range: string] {
  const at = text.indexOf("@", 1);
  return [text.slice(0, at), text.slice(at + 1)];
}

async function finishTree(tree: string, language: LoadedLanguage): Promise<void> {
  await linkPrograms(tree);
  const program = programOf(language);
  if (npmProgram(tree, program) === undefined) {
    const machine = `${process.platform} ${process.arch}`;
    throw failed(`npm has no \`${program}\` for this machine, ${machine}, in what it brought.`);
  }
  await describeTree(tree);
}

/**
 * One that is there is broken, or of somebody who was quicker: it goes with the work folder.
 *
 * @param old A path of the work folder where nothing is.
 * @returns False where somebody else's came between: that one stays, and is as good.
 */
export async function publish(tree: string, target: string, old: string): Promise<boolean> {
  await tryRename(target, old, ["ENOENT"]);
  return tryRename(tree, target, ["ENOTEMPTY", "EEXIST"]);
}

/** @returns False where it failed with one of the codes. */
async function tryRename(from: string, to: string, codes: readonly string[]): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (codes.includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

/** Where all of them lie. */
async function makeFolder(env: NodeJS.ProcessEnv): Promise<string> {
  const all = npmFolder(env);
  if (all === undefined) {
    throw unavailable("there is no place for them", "Set XDG_DATA_HOME to a folder of this user");
  }
  await mkdir(all, { recursive: true, mode: 0o700 });
  return all;
}

/** npm comes with Node: that of our own first, it is new enough. */
function findNpm(env: NodeJS.ProcessEnv): string {
  const folders = [dirname(process.execPath), ...(env["PATH"] ?? "").split(delimiter)];
  const found = folders
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, "npm"))
    .find(isExecutable);
  if (found !== undefined) return found;
  throw unavailable(
    "npm is missing",
    "Install it with Node.js; Debian and Ubuntu: apt-get install npm",
  );
}

function failed(message: string): GloveboxError<"SANDBOX_FAILED"> {
  return new GloveboxError("SANDBOX_FAILED", message, { provider: "linux", step: "npm install" });
}

function unavailable(why: string, hint: string): GloveboxError<"PROVIDER_UNAVAILABLE"> {
  return new GloveboxError(
    "PROVIDER_UNAVAILABLE",
    `npm's packages can't be installed: ${why}. ${hint}.`,
    { provider: "linux", hint },
  );
}
