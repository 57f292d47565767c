/**
 * @module
 * `glovebox languages install`: brings the runtimes of languages to this machine, by the way that fits
 * it.
 */
import { GloveboxError, invalidRequest } from "../core/errors.ts";
import type { LoadedLanguage, Runtime } from "../core/language.ts";
import type { Provider } from "../core/provider.ts";
import type { LanguageIndex } from "../languages/index-languages.ts";
import { tagForm } from "../service/missing-version.ts";
import { findNpmFolder } from "../service/npm-folder.ts";
import { hasApt, installPackages, missingPackages } from "./apt.ts";
import { noVersion, parseLanguage, type WantedLanguage } from "./language-of-file.ts";
import { printNote } from "./print.ts";
import { formatError } from "./print-error.ts";
import { treeName } from "./debian-tree/tree-name.ts";
import type { ToolTalk } from "./tool-output.ts";

/**
 * `apt`: the system's packages. `tree`: a Debian of its own. `npm`: npm's packages in a folder of their
 * own. `image`: from a registry.
 */
export const installMethods = ["apt", "tree", "npm", "image"] as const;
export type InstallMethod = (typeof installMethods)[number];

/**
 * Of an image; a version that can be no tag is none.
 *
 * @throws {GloveboxError} `UNKNOWN_LANGUAGE`, `INVALID_REQUEST`
 */
export function parseWanted(word: string, languages: LanguageIndex): WantedLanguage {
  const wanted = parseLanguage("LANG", word, languages);
  if (wanted.version === undefined || tagForm.test(wanted.version)) return wanted;
  throw noVersion("LANG", word, wanted.language);
}

/** The image of a version: that of the language with the version as its tag. */
export function imageOf({ language, version }: WantedLanguage): string {
  const { name } = language.image;
  if (version === undefined) return name;
  if (language.dockerfileText !== undefined) {
    throw invalidRequest(
      "LANG",
      `${language.id}@${version}: ${language.title} has one version only, that of Debian: no registry has images of it. Leave the version out.`,
    );
  }
  return `${name.replace(/:[^:/]+$/, "")}:${version}`;
}

/**
 * How it is done where nobody says: as root by the packages, else without; by npm what Debian lacks. A
 * version of its own is an image, whatever stands beside it.
 */
export async function chooseMethods(
  wanted: readonly WantedLanguage[],
  { programs }: Pick<Provider, "programs">,
): Promise<ReadonlyMap<InstallMethod, readonly WantedLanguage[]>> {
  if (programs === "image") return new Map([["image", wanted]]);
  const byDebian = process.getuid?.() === 0 && (await hasApt()) ? "apt" : "tree";
  const methodOf = ({ language, version }: WantedLanguage): InstallMethod => {
    if (version !== undefined) return "image";
    return brings(byDebian, language) ? byDebian : "npm";
  };
  const methods = new Map<InstallMethod, WantedLanguage[]>();
  for (const each of wanted) {
    const method = methodOf(each);
    methods.set(method, [...(methods.get(method) ?? []), each]);
  }
  return methods;
}

/** Whether a language can come that way. */
export function brings(method: InstallMethod, { install }: LoadedLanguage): boolean {
  if (method === "image") return true;
  return method === "npm" ? install.npm !== undefined : install.debian.length > 0;
}

/** @throws {GloveboxError} `INVALID_REQUEST` for a language that can't come that way. */
export function requireMethod(method: InstallMethod, wanted: readonly WantedLanguage[]): void {
  for (const { language, version } of wanted) {
    if (method !== "image" && version !== undefined) {
      throw invalidRequest("--method", `\`${method}\` has one version only. Leave @VERSION out.`);
    }
    if (brings(method, language)) continue;
    const why = `\`${method}\` has no ${language.title}. Leave it out`;
    throw invalidRequest("--method", `${why}: \`glovebox languages install ${language.id}\`.`);
  }
}

/**
 * Splits what nobody named a method for: what sandboxes see of this system already needs nothing.
 *
 * @param runtimes All that a sandbox has of these languages.
 */
export function splitByHost(
  wanted: readonly WantedLanguage[],
  runtimes: readonly Runtime[],
): { readonly there: readonly WantedLanguage[]; readonly missing: readonly WantedLanguage[] } {
  const isThere = ({ language }: WantedLanguage): boolean =>
    // What npm brought is told by who brings it.
    findNpmFolder(language) === undefined &&
    runtimes.some(({ languageId, image }) => languageId === language.id && image === undefined);
  return { there: wanted.filter(isThere), missing: wanted.filter((each) => !isThere(each)) };
}

/**
 * @throws {GloveboxError} `SANDBOX_FAILED`, `PROVIDER_UNAVAILABLE` for a system without apt,
 * `INVALID_REQUEST` for a provider whose programs are not this system's.
 */
export async function installByApt(
  languages: readonly LoadedLanguage[],
  { programs, name }: Pick<Provider, "programs" | "name">,
  talk: ToolTalk,
  signal: AbortSignal,
): Promise<void> {
  if (programs !== "host") {
    throw invalidRequest(
      "--method",
      `\`apt\` installs on this system, and \`${name}\` has the programs of images. Leave it out.`,
    );
  }
  if (!(await hasApt())) {
    const hint = "Install the packages of your distribution, or use `--method tree`";
    throw new GloveboxError("PROVIDER_UNAVAILABLE", `this system has no apt-get. ${hint}.`, {
      provider: "linux",
      hint,
    });
  }
  const packages = [...new Set(languages.flatMap(({ install }) => install.debian))];
  const missing = await missingPackages(packages);
  if (missing.length === 0) {
    if (!talk.isQuiet) printNote("all packages are there");
    return;
  }
  if (process.getuid?.() !== 0) {
    const command = `sudo apt-get install --no-install-recommends ${missing.join(" ")}`;
    throw invalidRequest("--method", `\`apt\` needs root. Run: ${command}`);
  }
  if (!talk.isQuiet) printNote(`installing ${missing.join(" ")}`);
  await installPackages(missing, talk, signal);
}

/**
 * Makes a tree of each that has none yet. One that fails keeps no other from its turn.
 *
 * @returns 1 where one failed, else 0.
 * @throws {GloveboxError} `INVALID_REQUEST` for a provider without trees, `PROVIDER_UNAVAILABLE` where
 * none can be made here.
 * @throws The reason of `signal` after its abort.
 */
export async function installByTree(
  languages: readonly LoadedLanguage[],
  provider: Provider,
  talk: ToolTalk,
  signal: AbortSignal,
): Promise<number> {
  const { images } = provider;
  const load = images?.load?.bind(images);
  if (images === undefined || load === undefined) {
    throw invalidRequest("--method", "`tree` needs `--provider linux`.");
  }
  const say = talk.isQuiet ? () => undefined : printNote;
  const missing: LoadedLanguage[] = [];
  for (const language of languages) {
    const isThere = (await images.find(treeName(language), signal)) !== undefined;
    if (isThere) say(`${language.id}: its tree is there; ${renewal(language)}`);
    else missing.push(language);
  }
  if (missing.length === 0) return 0;
  const { createTreeMaker } = await import("./debian-tree/make-tree.ts");
  const maker = await createTreeMaker({
    images: { load },
    env: process.env,
    ...talk,
    onProgress: say,
  });
  let exitCode = 0;
  for (const language of missing) {
    try {
      await maker.make(language, signal);
    } catch (error) {
      signal.throwIfAborted();
      exitCode = 1;
      process.stderr.write(formatError(error, talk.isVerbose ? "verbose" : "normal"));
    }
  }
  await maker.finish();
  return exitCode;
}

const renewal = ({ id }: LoadedLanguage): string =>
  `to make it anew: glovebox languages remove ${id}`;
