/**
 * @module
 * Makes a small Debian with the packages of a language, without root, and puts it into the image store:
 * sandboxes see it, the host does not change.
 */
import { join } from "node:path";
import { chmod, mkdir } from "node:fs/promises";
import { GloveboxError } from "../../core/errors.ts";
import type { ImageStore } from "../../core/image.ts";
import type { LoadedLanguage } from "../../core/language.ts";
import { cacheFolder } from "../../util/user-folders.ts";
import type { ToolTalk } from "../tool-output.ts";
import { fillLayout } from "./fill-layout.ts";
import { imageTag } from "./layout.ts";
import {
  fetchPackages,
  openPackageCache,
  packageFolder,
  trimPackageCache,
  type PackageCache,
} from "./packages.ts";
import { chooseMode, toolEnvironment, type TreeMode } from "./programs.ts";
import { findSources, type DebianSources } from "./sources.ts";
import { treeName } from "./tree-name.ts";
import { withWorkFolder } from "./work-folder.ts";

/** Nobody reads them in a sandbox; messages are English there. */
const leftOut = ["man", "doc", "info", "locale", "lintian"].map((name) => `/usr/share/${name}/*`);

/** Why so few packages of Debian's own: a sandbox has no init, no apt and nobody who logs in. */
const variant = "essential";

export interface TreeMaker {
  /** @throws {GloveboxError} `SANDBOX_FAILED`; the reason of `signal` after its abort. */
  make(language: LoadedLanguage, signal: AbortSignal): Promise<void>;
  /** Removes what the cache has too much of. */
  finish(): Promise<void>;
}

export interface TreeMakerOptions extends ToolTalk {
  readonly images: Required<Pick<ImageStore, "load">>;
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (text: string) => void;
}

/** @throws {GloveboxError} `PROVIDER_UNAVAILABLE` with what this host lacks. */
export async function createTreeMaker(options: TreeMakerOptions): Promise<TreeMaker> {
  const env = toolEnvironment(options.env);
  const mode = await chooseMode(env);
  const sources = await findSources();
  const base = cacheFolder(env);
  if (base === undefined) throw noCache();
  const cache = await openPackageCache(join(base, "debian"));
  return {
    make: (language, signal) =>
      withWorkFolder(env, mode === "unshare", (work) =>
        makeTree({ ...options, language, env, mode, sources, cache, work }, signal),
      ),
    finish: () => trimPackageCache(cache),
  };
}

interface MakeTree extends TreeMakerOptions {
  readonly language: LoadedLanguage;
  readonly mode: TreeMode;
  readonly sources: DebianSources;
  readonly cache: PackageCache;
  readonly work: string;
}

async function makeTree(make: MakeTree, signal: AbortSignal): Promise<void> {
  const { language, images, work, onProgress } = make;
  const packages = language.install.debian;
  onProgress(`${language.id}: fetching ${packages.join(", ")} and what they need`);
  const count = await fetchPackages({ ...make, packages, title: language.id }, signal);
  onProgress(`${language.id}: unpacking ${count} packages into a tree`);
  const layout = join(work, "layout");
  await installInto(make, layout, signal);
  onProgress(`${language.id}: keeping the tree as ${treeName(language)}`);
  await images.load(treeName(language), `oci:${layout}:${imageTag}`, () => undefined, signal);
}

async function installInto(make: MakeTree, layout: string, signal: AbortSignal): Promise<void> {
  const temporary = join(make.work, "tmp");
  await mkdir(temporary);
  await chmod(temporary, 0o711);
  const { language, isQuiet, isVerbose } = make;
  const env = { ...make.env, TMPDIR: temporary };
  const argv = [...ownMounts(make.mode), "mmdebstrap", ...wordsOf(make)];
  await fillLayout({ argv, env, layout, title: language.id, isQuiet, isVerbose }, signal);
}

/**
 * As root mmdebstrap mounts the host's /proc, /sys and /dev/shm below the tree. Nobody else may see that:
 * mounts that a killed one left would lead whoever removes the tree into the host's own files.
 */
function ownMounts(mode: TreeMode): readonly string[] {
  return mode === "root" ? ["unshare", "--mount", "--propagation", "private", "--"] : [];
}

/** Hooks are shell words; `sync-in` reads as this user, also for the users of a namespace. */
function wordsOf({ language, mode, sources, cache, work }: MakeTree): readonly string[] {
  const archives = "/var/cache/apt/archives";
  const lists = "/var/lib/apt/lists";
  // update-alternatives links manuals, and fails where their folders are missing.
  const folders = ["/usr/share/man/man1", archives, lists].map((path) => `"$1${path}"`);
  const hooks = [
    `mkdir -p ${folders.join(" ")}`,
    `sync-in '${packageFolder(work)}' ${archives}`,
    `sync-in '${cache.lists}' ${lists}`,
  ];
  return [
    `--mode=${mode}`,
    `--variant=${variant}`,
    "--format=tar",
    `--include=${language.install.debian.join(",")}`,
    // What Debian's older mmdebstraps say to a folder that is not empty.
    "--skip=download/empty",
    '--aptopt=Acquire::Languages "none"',
    ...leftOut.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    // It is read once, then goes: nothing must reach the disk.
    "--dpkgopt=force-unsafe-io",
    ...hooks.map((hook) => `--setup-hook=${hook}`),
    sources.suite,
    "-",
    join(work, "sources.list"),
  ];
}

function noCache(): GloveboxError<"PROVIDER_UNAVAILABLE"> {
  const hint = "Set XDG_CACHE_HOME to a folder of this user";
  return new GloveboxError(
    "PROVIDER_UNAVAILABLE",
    `there is no place for packages: this user has no home folder. ${hint}.`,
    { provider: "linux", hint },
  );
}
