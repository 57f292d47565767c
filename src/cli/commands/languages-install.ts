/**
 * @module
 * `glovebox languages install`, `prepare` and `remove`
 */
import { Command } from "commander";
import { createProvider, createService, loadLanguages, openPreparedStore } from "../../app.ts";
import { invalidRequest } from "../../core/errors.ts";
import type { LoadedLanguage, Runtime } from "../../core/language.ts";
import type { Provider } from "../../core/provider.ts";
import { indexLanguages } from "../../languages/index-languages.ts";
import type { ExecutionService } from "../../service/service.ts";
import { treeName } from "../debian-tree/tree-name.ts";
import { fetchImages } from "../fetch-images.ts";
import { getCommand } from "../format-images.ts";
import {
  brings,
  chooseMethods,
  imageOf,
  installByApt,
  installByTree,
  installMethods,
  parseWanted,
  requireMethod,
  splitByHost,
  type InstallMethod,
} from "../install-languages.ts";
import type { WantedLanguage } from "../language-of-file.ts";
import { installByNpm } from "../npm-install.ts";
import { oneOf } from "../one-of.ts";
import { printNote } from "../print.ts";
import { addDockerHostFlag, addProviderFlag, parseProviderFlags } from "../provider-flag.ts";
import type { RawProviderFlags } from "../provider-flag.ts";
import { removeLanguages } from "../remove-languages.ts";
import { reportErrors } from "../report-errors.ts";
import { showInstalled, type RuntimeFilter } from "../show-installed.ts";
import { untilSignal } from "../signals.ts";
import type { ToolTalk } from "../tool-output.ts";

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
    removeLanguages(
      wanted,
      provider,
      { isQuiet: flags.quiet === true, isAll: flags.all === true },
      signal,
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
    .option("-v, --verbose", "all that apt and npm say; traces of failures")
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
  const isAll = flags.all === true;
  if ((words.length === 0) === !isAll) {
    const not = isAll ? ", not both" : "";
    throw invalidRequest(
      "LANG",
      `name languages, or write --all${not}. \`glovebox languages\` lists them.`,
    );
  }
  const wanted = isAll
    ? languages.languages.map((language) => ({ language }))
    : eachOnce(words.map((word) => parseWanted(word, languages)));
  const { provider: name, docker } = parseProviderFlags(flags);
  const provider = await createProvider(name, { docker });
  try {
    return await untilSignal((signal) => work({ wanted, provider, flags, signal }));
  } finally {
    await provider.close();
  }
}

/** A language may have been named by several of its names. */
function eachOnce(wanted: readonly WantedLanguage[]): readonly WantedLanguage[] {
  const keyOf = ({ language, version = "" }: WantedLanguage): string => `${language.id}@${version}`;
  return [...new Map(wanted.map((each) => [keyOf(each), each])).values()];
}

async function install(work: Work): Promise<number> {
  if (work.provider.name === "process") {
    const why = "`process` runs this system's own programs. What comes into sandboxes";
    throw invalidRequest("--provider", `${why} needs \`--provider linux\` or \`docker\`.`);
  }
  let exitCode = 0;
  for (const [way, wanted] of await waysOf(work)) {
    const code = await bring[way]({ ...work, wanted });
    // One language that fails keeps no other from its turn.
    exitCode ||= code;
  }
  return exitCode;
}

/** `there`: nothing is to be done. */
type Way = InstallMethod | "there";

async function waysOf(work: Work): Promise<Iterable<readonly [Way, readonly WantedLanguage[]]>> {
  const { wanted, provider, flags } = work;
  if (flags.method === undefined) return withoutThere(await chooseMethods(wanted, provider), work);
  const method = oneOf("--method", flags.method, installMethods);
  // Those of all that come that way.
  if (flags.all === true) {
    return [[method, wanted.filter(({ language }) => brings(method, language))]];
  }
  requireMethod(method, wanted);
  return [[method, wanted]];
}

/** apt knows by itself what is there; a copy of what this system has must be asked for. */
async function withoutThere(
  methods: Awaited<ReturnType<typeof chooseMethods>>,
  work: Work,
): Promise<Iterable<readonly [Way, readonly WantedLanguage[]]>> {
  const ways = new Map<Way, readonly WantedLanguage[]>(methods);
  const copied = [...(methods.get("tree") ?? []), ...(methods.get("npm") ?? [])];
  if (copied.length === 0) return ways;
  const { there } = splitByHost(copied, await runtimesOf({ ...work, wanted: copied }));
  if (there.length === 0) return ways;
  for (const [way, wanted] of methods) {
    ways.set(
      way,
      wanted.filter((each) => !there.includes(each)),
    );
  }
  return [["there", there], ...[...ways].filter(([, wanted]) => wanted.length > 0)];
}

/** What the host itself has, in its system folders or by npm. */
const isOfHost: RuntimeFilter = ({ image }) => image === undefined;
const isTree: RuntimeFilter = ({ image }, { language }) => image === treeName(language);
/** A tag need not be the version: `slim`, `3-alpine`. */
const isItsImage: RuntimeFilter = ({ image }, wanted) => image === imageOf(wanted);

const bring: Readonly<Record<Way, (work: Work) => Promise<number>>> = {
  there: async (work) => {
    const { wanted, flags } = work;
    for (const { language } of flags.quiet === true || flags.all === true ? [] : wanted) {
      const tree = brings("tree", language) ? "; for a copy in a tree add --method tree" : "";
      printNote(`${language.id}: this system has it${tree}`);
    }
    return show(work, isOfHost);
  },
  apt: async (work) => {
    await installByApt(languagesOf(work), work.provider, talkOf(work), work.signal);
    return show(work, isOfHost);
  },
  tree: async (work) => {
    const { provider, signal } = work;
    const exitCode = await installByTree(languagesOf(work), provider, talkOf(work), signal);
    return exitCode || show(work, isTree);
  },
  npm: async (work) => {
    if (work.provider.programs !== "host") {
      throw invalidRequest("--method", "`npm` needs `--provider linux`.");
    }
    const exitCode = await installByNpm(languagesOf(work), talkOf(work), work.signal);
    return exitCode || show(work, isOfHost);
  },
  image: async (work) => (await bringImages(work)) || show(work, isItsImage),
};

async function bringImages(work: Work): Promise<number> {
  const { wanted, provider, signal } = work;
  const { images, name } = provider;
  if (images === undefined) {
    throw invalidRequest("--method", `\`image\`: ${name} has no images.`);
  }
  const talk = talkOf(work);
  let exitCode = 0;
  for (const each of wanted) {
    const { dockerfileText: dockerfile, id } = each.language;
    const target = { image: imageOf(each), languages: [id], dockerfile };
    if ((await images.find(target.image, signal)) !== undefined) {
      const anew = getCommand(
        dockerfile === undefined ? { ...target, languages: [] } : target,
        name,
      );
      if (!talk.isQuiet) printNote(`${id}: ${target.image} is there; to get it anew: ${anew}`);
      continue;
    }
    const how = dockerfile === undefined ? "pull" : "build";
    const code = await fetchImages(images, [target], { how, ...talk }, signal);
    exitCode ||= code;
  }
  return exitCode;
}

const talkOf = ({ flags: { quiet = false, verbose = false } }: Work): ToolTalk => {
  return { isQuiet: quiet, isVerbose: verbose };
};

/** Asks sandboxes; see `showInstalled`. */
async function show(work: Work, isMeant?: RuntimeFilter): Promise<number> {
  const { wanted, provider, signal } = work;
  return withService(work, (service) =>
    showInstalled(wanted, { provider, service, ...(isMeant && { isMeant }) }, signal),
  );
}

const runtimesOf = (work: Work): Promise<readonly Runtime[]> =>
  withService(work, (service) => service.runtimes(work.signal));

/** A service of these languages alone. */
async function withService<T>(
  work: Work,
  ask: (service: ExecutionService) => Promise<T>,
): Promise<T> {
  const service = createService({
    provider: work.provider,
    languages: indexLanguages(languagesOf(work)),
    preparedStore: openPreparedStore(process.env),
  });
  try {
    return await ask(service);
  } finally {
    await service.close();
  }
}

/** Each once. */
function languagesOf({ wanted }: Work): readonly LoadedLanguage[] {
  return [...new Set(wanted.map(({ language }) => language))];
}
