/**
 * @module
 * `glovebox languages install`, `prepare` and `remove`
 */
import { Command } from "commander";
import { createProvider, createService, loadLanguages, openPreparedStore } from "../../app.ts";
import { invalidRequest } from "../../core/errors.ts";
import type { LoadedLanguage } from "../../core/language.ts";
import type { Provider } from "../../core/provider.ts";
import { indexLanguages } from "../../languages/index-languages.ts";
import { treeName } from "../debian-tree/tree-name.ts";
import { exitCodeOfAbort } from "../exit.ts";
import { fetchImages } from "../fetch-images.ts";
import {
  brings,
  chooseMethods,
  imageOf,
  installByApt,
  installByTree,
  installMethods,
  parseWanted,
  requireMethod,
  showInstalled,
  type InstallMethod,
} from "../install-languages.ts";
import type { WantedLanguage } from "../language-of-file.ts";
import { installByNpm } from "../npm-install.ts";
import { oneOf } from "../one-of.ts";
import { addDockerHostFlag, addProviderFlag, parseProviderFlags } from "../provider-flag.ts";
import type { RawProviderFlags } from "../provider-flag.ts";
import { removeLanguages } from "../remove-languages.ts";
import { reportErrors } from "../report-errors.ts";
import { listenForSignals } from "../signals.ts";

interface InstallFlags extends RawProviderFlags {
  readonly method?: string;
  readonly all?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

const description =
  "Brings languages to this machine. LANG is a language of `glovebox languages`, or LANG@VERSION for an " +
  "image of that version beside the others.\n\n" +
  "As root on Debian and Ubuntu by apt-get; else as a Debian tree in your own data folder, which only " +
  "sandboxes see; by npm into that folder what Debian lacks; with --provider docker as images. What fails " +
  "half way goes on where it was when it is called again.";

export function createInstallCommand(onExit: (exitCode: number) => void): Command {
  return addCommonFlags(new Command("install").description(description), onExit, install).option(
    "--method <HOW>",
    "apt, tree, npm or image (default: what fits, see above)",
  );
}

export function createPrepareCommand(onExit: (exitCode: number) => void): Command {
  const command = new Command("prepare").description(
    "Makes what lets the programs of a language start sooner, where its data says how: precompiled " +
      "headers, archives of classes. `install` does it by itself; for a server run it once, as the user that serves.",
  );
  return addCommonFlags(command, onExit, (work) => show(work));
}

export function createRemoveCommand(onExit: (exitCode: number) => void): Command {
  const command = new Command("remove").description(
    "Removes the trees, images and npm packages of languages, all versions or LANG@VERSION. What the system's own " +
      "packages brought stays: it says how that goes.",
  );
  return addCommonFlags(command, onExit, ({ wanted, provider, flags, signal }) =>
    removeLanguages(wanted, provider, { isQuiet: flags.quiet === true }, signal),
  );
}

/** What a subcommand works with. */
interface Work {
  readonly wanted: readonly WantedLanguage[];
  readonly provider: Provider;
  readonly flags: InstallFlags;
  readonly signal: AbortSignal;
}

function addCommonFlags(
  command: Command,
  onExit: (exitCode: number) => void,
  work: (work: Work) => Promise<number>,
): Command {
  command.argument("[LANG...]").option("--all", "all languages");
  return addDockerHostFlag(addProviderFlag(command))
    .option("-q, --quiet", "no progress")
    .option("-v, --verbose", "traces of failures")
    .helpOption("-h, --help", "show this help")
    .action(async (words: string[], flags: InstallFlags) => {
      onExit(await reportErrors(flags, () => withProvider(words, flags, work)));
    });
}

async function withProvider(
  words: readonly string[],
  flags: InstallFlags,
  work: (work: Work) => Promise<number>,
): Promise<number> {
  const languages = loadLanguages();
  if ((words.length === 0) === (flags.all !== true)) {
    throw invalidRequest(
      "LANG",
      "name languages, or write --all. `glovebox languages` lists them.",
    );
  }
  const wanted = flags.all === true ? languages.names : words;
  const parsed = wanted.map((word) => parseWanted(word, languages));
  const { provider: name, docker } = parseProviderFlags(flags);
  const provider = await createProvider(name, { docker });
  try {
    return await work({ wanted: parsed, provider, flags, signal: never() });
  } finally {
    await provider.close();
  }
}

async function install(work: Work): Promise<number> {
  let exitCode = 0;
  for (const [method, wanted] of await methodsOf(work)) {
    const code = await installBy(method, { ...work, wanted });
    // A signal ends all of it; one language that fails keeps no other from its turn.
    if (code > 1) return code;
    exitCode ||= code;
  }
  return exitCode;
}

async function methodsOf({
  wanted,
  provider,
  flags,
}: Work): Promise<Iterable<readonly [InstallMethod, readonly WantedLanguage[]]>> {
  if (flags.method === undefined) return chooseMethods(wanted, provider);
  const method = oneOf("--method", flags.method, installMethods);
  // Those of all that come that way.
  if (flags.all === true) {
    return [[method, wanted.filter(({ language }) => brings(method, language))]];
  }
  requireMethod(method, wanted);
  return [[method, wanted]];
}

async function installBy(method: InstallMethod, work: Work): Promise<number> {
  // Ctrl-C ends this process, and with its connection a daemon's work.
  if (method === "image") return bring.image({ ...work, signal: never() });
  using interruption = listenForSignals();
  const { signal, received } = interruption;
  try {
    return await bring[method]({ ...work, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    return exitCodeOfAbort({ received: received(), outputClosed: false });
  }
}

const never = (): AbortSignal => new AbortController().signal;

const bring: Readonly<Record<InstallMethod, (work: Work) => Promise<number>>> = {
  apt: async (work) => {
    await installByApt(languagesOf(work), work.signal);
    return show(work);
  },
  tree: async (work) => {
    const { provider, flags, signal } = work;
    const { quiet: isQuiet = false, verbose: isVerbose = false } = flags;
    const exitCode = await installByTree(
      languagesOf(work),
      provider,
      { isQuiet, isVerbose },
      signal,
    );
    return exitCode || show(work, treeName);
  },
  npm: async (work) => {
    const { provider, flags, signal } = work;
    if (provider.programs !== "host") {
      throw invalidRequest("--method", "`npm` needs `--provider linux`.");
    }
    const { quiet: isQuiet = false, verbose: isVerbose = false } = flags;
    const exitCode = await installByNpm(languagesOf(work), { isQuiet, isVerbose }, signal);
    return exitCode || show(work);
  },
  image: async ({ wanted, provider, flags }) => {
    const { images } = provider;
    if (images === undefined) {
      throw invalidRequest("--method", `\`image\`: ${provider.name} has no images.`);
    }
    const { quiet = false, verbose = false } = flags;
    let exitCode = 0;
    for (const each of wanted) {
      const { dockerfileText: dockerfile, id } = each.language;
      const target = { image: imageOf(each), languages: [id], dockerfile };
      const how = dockerfile === undefined ? "pull" : "build";
      const code = await fetchImages(images, [target], { how, isQuiet: quiet, isVerbose: verbose });
      exitCode ||= code;
    }
    return exitCode;
  },
};

/** Asks sandboxes; see `showInstalled`. */
async function show(work: Work, place?: (language: LoadedLanguage) => string): Promise<number> {
  const languages = languagesOf(work);
  const service = createService({
    provider: work.provider,
    languages: indexLanguages(languages),
    preparedStore: openPreparedStore(process.env),
  });
  try {
    return await showInstalled(languages, service, work.signal, place);
  } finally {
    await service.close();
  }
}

/** Each once. */
function languagesOf({ wanted }: Work): readonly LoadedLanguage[] {
  return [...new Set(wanted.map(({ language }) => language))];
}
