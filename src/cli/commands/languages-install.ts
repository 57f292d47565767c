/**
 * @module
 * `glovebox languages install` and `glovebox languages prepare`
 */
import { Command } from "commander";
import { createProvider, createService, loadLanguages, openPreparedStore } from "../../app.ts";
import { invalidRequest } from "../../core/errors.ts";
import type { Provider } from "../../core/provider.ts";
import { fetchImages } from "../fetch-images.ts";
import {
  chooseMethod,
  imageOf,
  installByApt,
  installMethods,
  parseWanted,
  showInstalled,
  type InstallMethod,
  type WantedLanguage,
} from "../install-languages.ts";
import { oneOf } from "../one-of.ts";
import { addDockerHostFlag, addProviderFlag, parseProviderFlags } from "../provider-flag.ts";
import type { RawProviderFlags } from "../provider-flag.ts";
import { reportErrors } from "../report-errors.ts";

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
  "sandboxes see; with --provider docker as images. What fails half way goes on where it was when it is " +
  "called again.";

export function createInstallCommand(onExit: (exitCode: number) => void): Command {
  return addCommonFlags(new Command("install").description(description), onExit, install).option(
    "--method <HOW>",
    "apt, tree or image (default: what fits, see above)",
  );
}

export function createPrepareCommand(onExit: (exitCode: number) => void): Command {
  const command = new Command("prepare").description(
    "Makes what lets the programs of a language start sooner, where its data says how: precompiled " +
      "headers, archives of classes. `install` and `glovebox serve` do it by themselves.",
  );
  return addCommonFlags(command, onExit, async ({ wanted, provider, signal }) =>
    withService(provider, async (service) =>
      showInstalled(
        wanted.map(({ language }) => language),
        service,
        signal,
      ),
    ),
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
    const { signal } = new AbortController();
    return await work({ wanted: parsed, provider, flags, signal });
  } finally {
    await provider.close();
  }
}

async function install({ wanted, provider, flags, signal }: Work): Promise<number> {
  const method =
    flags.method === undefined
      ? await chooseMethod(wanted, provider)
      : oneOf("--method", flags.method, installMethods);
  const exitCode = await bring[method]({ wanted, provider, flags, signal });
  if (exitCode !== 0 || method !== "apt") return exitCode;
  const languages = wanted.map(({ language }) => language);
  return withService(provider, async (service) => showInstalled(languages, service, signal));
}

const bring: Readonly<Record<InstallMethod, (work: Work) => Promise<number>>> = {
  apt: async ({ wanted, signal }) => {
    await installByApt(
      wanted.map(({ language }) => language),
      signal,
    );
    return 0;
  },
  tree: () => Promise.reject(new Error("not yet")),
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
      exitCode ||= await fetchImages(images, [target], { how, isQuiet: quiet, isVerbose: verbose });
    }
    return exitCode;
  },
};

async function withService<T>(
  provider: Provider,
  work: (service: ReturnType<typeof createService>) => Promise<T>,
): Promise<T> {
  const preparedStore = openPreparedStore(process.env);
  const service = createService({ provider, preparedStore });
  try {
    return await work(service);
  } finally {
    await service.close();
  }
}
