/**
 * @module
 * Fetches the packages of a tree into a cache, which a second attempt and other trees take them from.
 * apt checks them by the distribution's signatures, and goes on with what is half there.
 */
import { copyFile, link, lstat, mkdir, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { GloveboxError } from "../../core/errors.ts";
import { openToolOutput, type ToolTalk } from "../tool-output.ts";
import { startOwned } from "./owned-process.ts";
import type { DebianSources } from "./sources.ts";

/** Who waits this long for another install of the same user is told so. */
const LOCK_WAIT_S = 3600;
const LOCKED = 75;
/** Kept between trees: Debian's base, and some large language. */
const MAX_CACHE_BYTES = 1024 ** 3;
const UNUSED_AGE_MS = 60 * 60 * 1000;

export interface PackageCache {
  /** Absolute; only this user can write to it. */
  readonly folder: string;
  readonly lists: string;
  readonly archives: string;
}

/** @throws {GloveboxError} `PROVIDER_UNAVAILABLE` for a folder that others can write to. */
export async function openPackageCache(folder: string): Promise<PackageCache> {
  const cache = { folder, lists: join(folder, "lists"), archives: join(folder, "archives") };
  for (const each of [folder, cache.lists, cache.archives]) {
    await mkdir(join(each, "partial"), { recursive: true, mode: 0o700 });
  }
  const { uid, mode } = await lstat(folder);
  // They could put packages of theirs in the place of checked ones.
  if (uid === process.geteuid?.() && (mode & 0o022) === 0 && !/["\\\n']/.test(folder)) return cache;
  const hint = "Set XDG_CACHE_HOME to a folder that only this user can write to";
  throw new GloveboxError(
    "PROVIDER_UNAVAILABLE",
    `packages can't be kept in \`${folder}\`. ${hint}.`,
    { provider: "linux", hint },
  );
}

export interface FetchPackages extends ToolTalk {
  readonly cache: PackageCache;
  readonly sources: DebianSources;
  readonly packages: readonly string[];
  /** A folder of this process alone. */
  readonly work: string;
  readonly env: NodeJS.ProcessEnv;
  /** Of the language, for people. */
  readonly title: string;
}

/** Where the packages of one tree lie. */
export function packageFolder(work: string): string {
  return join(work, "packages");
}

/**
 * Puts all packages that a tree with these needs into `packageFolder`.
 *
 * @returns How many.
 * @throws {GloveboxError} `SANDBOX_FAILED`
 * @throws The reason of `signal` after its abort.
 */
export async function fetchPackages(fetch: FetchPackages, signal: AbortSignal): Promise<number> {
  const { cache, packages, work } = fetch;
  const config = join(work, "apt.conf");
  const empty = join(work, "empty");
  await mkdir(join(empty, "partial"), { recursive: true });
  await writeFile(join(work, "status"), "");
  await writeFile(join(work, "sources.list"), fetch.sources.text);
  await writeFile(config, aptConfig(fetch));
  const apt = (...words: readonly string[]): Promise<string> =>
    runApt(config, words, fetch, signal);
  await apt("update");
  // What is missing in an empty folder is all of it.
  const install = ["install", "--yes", "--", "?essential", ...packages];
  const printed = await apt("-q", `-oDir::Cache::archives=${empty}/`, "--print-uris", ...install);
  await apt("--download-only", ...install);
  // `'URI' FILE SIZE HASH`
  const names = printed
    .split("\n")
    .flatMap((line) => /^'\S+' (\S+\.deb) \d+/.exec(line)?.[1] ?? []);
  const now = new Date();
  await mkdir(packageFolder(work));
  for (const name of names) {
    const cached = join(cache.archives, name);
    await utimes(cached, now, now);
    await linkOrCopy(cached, join(packageFolder(work), name));
  }
  return names.length;
}

/** The cache may lie on another disk. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(async () => {
    await copyFile(from, to);
  });
}

/** Removes what was not used lately, where it is too much. Never fails. */
export async function trimPackageCache({ archives }: PackageCache): Promise<void> {
  const names = await readdir(archives).catch(() => []);
  const files: { path: string; size: number; mtimeMs: number }[] = [];
  for (const name of names.filter((file) => file.endsWith(".deb"))) {
    const path = join(archives, name);
    const status = await lstat(path).catch(() => undefined);
    if (status !== undefined) files.push({ path, size: status.size, mtimeMs: status.mtimeMs });
  }
  files.sort((left, right) => right.mtimeMs - left.mtimeMs);
  let kept = 0;
  for (const { path, size, mtimeMs } of files) {
    kept += size;
    const isOld = mtimeMs < Date.now() - UNUSED_AGE_MS;
    if (kept > MAX_CACHE_BYTES && isOld) await rm(path, { force: true }).catch(() => undefined);
  }
}

/**
 * Read after the host's own, whose proxies and passwords count. What that does at the end of a run is
 * for the host's packages, and needs root.
 */
function aptConfig({ cache, work }: FetchPackages): string {
  const settings: readonly (readonly [string, string])[] = [
    ["Dir::State::lists", `${cache.lists}/`],
    ["Dir::State::status", join(work, "status")],
    ["Dir::State::extended_states", join(work, "extended_states")],
    ["Dir::Cache::archives", `${cache.archives}/`],
    ["Dir::Cache::pkgcache", ""],
    ["Dir::Cache::srcpkgcache", ""],
    ["Dir::Etc::sourcelist", join(work, "sources.list")],
    ["Dir::Etc::sourceparts", "/dev/null"],
    ["Dir::Etc::preferences", "/dev/null"],
    ["Dir::Etc::preferencesparts", "/dev/null"],
    ["Dir::Log", work],
    ["APT::Architecture", debianArchitecture],
    ["APT::Architectures::", debianArchitecture],
    ["APT::Install-Recommends", "false"],
    ["APT::Keep-Downloaded-Packages", "true"],
    ["Acquire::Languages", "none"],
    ["Acquire::Retries", "3"],
    // flock keeps the others away; dpkg's own lock is the host's.
    ["Debug::NoLocking", "true"],
    // Another user could not write to the cache.
    ["APT::Sandbox::User", ""],
    // Nobody sees a bar of its own.
    ["quiet", "1"],
  ];
  const cleared = ["APT::Update", "APT::Architectures", "DPkg", "Acquire::Languages"];
  const lines = [
    ...cleared.map((name) => `#clear ${name};`),
    ...settings.map(([name, value]) => `${name} "${value}";`),
  ];
  return `${lines.join("\n")}\n`;
}

const debianArchitecture =
  { x64: "amd64", arm64: "arm64", ia32: "i386", arm: "armhf" }[process.arch as string] ??
  process.arch;

/** @returns What it printed, where that is asked for. */
async function runApt(
  config: string,
  words: readonly string[],
  { cache, env, title, isQuiet, isVerbose }: FetchPackages,
  signal: AbortSignal,
): Promise<string> {
  const wait = ["--timeout", String(LOCK_WAIT_S), "--conflict-exit-code", String(LOCKED)];
  const lock = ["flock", ...wait, join(cache.folder, "lock")];
  const argv = [...lock, "apt-get", "-c", config, ...words];
  const isAsked = words.includes("--print-uris");
  using said = openToolOutput({ title: `${title}: fetching packages`, isQuiet, isVerbose });
  const { stdout, stderr, ended } = startOwned(argv, { ...env, LC_ALL: "C.UTF-8" }, signal);
  said.follow(stderr);
  let printed = "";
  if (isAsked) printed = await text(stdout);
  else said.follow(stdout);
  const exitCode = await ended;
  signal.throwIfAborted();
  if (exitCode === 0) return printed;
  said.showEnd();
  const command = `apt-get ${words.find((word) => !word.startsWith("-")) ?? ""}`;
  const reason =
    exitCode === LOCKED ? "another install still runs" : `\`${command}\` failed, see above`;
  throw new GloveboxError(
    "SANDBOX_FAILED",
    `the packages of the tree could not be fetched: ${reason}. What was fetched is kept for the next attempt.`,
    { provider: "linux", step: "fetch packages" },
  );
}
