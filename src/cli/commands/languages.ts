/**
 * @module
 * `glovebox languages`
 */
import { Command } from "commander";
import { invalidRequest } from "../../core/errors.ts";
import type { Runtime } from "../../core/language.ts";
import type { Provider } from "../../core/provider.ts";
import { createProvider, createService, loadLanguages } from "../../app.ts";
import type { LanguageIndex } from "../../languages/index-languages.ts";
import { npmSizeBytes } from "../npm-remove.ts";
import { painterFor } from "../print.ts";
import { addDockerHostFlag, addProviderFlag, parseProviderFlags } from "../provider-flag.ts";
import type { RawProviderFlags } from "../provider-flag.ts";
import { reportErrors } from "../report-errors.ts";
import { describeLanguages, languagesDocument, type ListedRuntime } from "../format-languages.ts";
import {
  createInstallCommand,
  createPrepareCommand,
  createRemoveCommand,
} from "./languages-install.ts";

interface LanguagesFlags extends RawProviderFlags {
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export function createLanguagesCommand(onExit: (exitCode: number) => void): Command {
  const command = new Command("languages")
    .summary("list the languages and what is installed of them")
    .description("Lists the languages, and which version a sandbox on this machine has of each.")
    // Its flags and the subcommands' have the same names: after a subcommand they are that one's.
    .enablePositionalOptions()
    .addCommand(createInstallCommand(onExit))
    .addCommand(createPrepareCommand(onExit))
    .addCommand(createRemoveCommand(onExit));
  return (
    addDockerHostFlag(addProviderFlag(command))
      .option("--json", "print JSON")
      .option("-v, --verbose", "traces of failures")
      .helpOption("-h, --help", "show this help")
      // Told by us: the parser would only count it.
      .allowExcessArguments()
      .action(async (flags: LanguagesFlags, { args, commands }: Command) => {
        const work = async (): Promise<number> => {
          const [word] = args;
          if (word === undefined) return listLanguages(flags);
          const names = commands.map((each) => each.name()).join(", ");
          throw invalidRequest("languages", `\`${word}\` is no command of it. There are ${names}.`);
        };
        onExit(await reportErrors(flags, work));
      })
  );
}

async function listLanguages(flags: LanguagesFlags): Promise<number> {
  const { provider: name, docker } = parseProviderFlags(flags);
  const languages = loadLanguages();
  const provider = await createProvider(name, { docker });
  const service = createService({ provider, languages });
  try {
    const { signal } = new AbortController();
    const found = await service.runtimes(signal);
    const runtimes = await withSizes(found, { provider, languages }, signal);
    const paint = painterFor(process.stdout, process.env);
    process.stdout.write(
      flags.json === true
        ? `${JSON.stringify(languagesDocument(provider, languages.languages, runtimes), null, 2)}\n`
        : describeLanguages(provider, languages.languages, runtimes, paint),
    );
    return 0;
  } finally {
    await service.close();
  }
}

/** Each image is asked for once: languages share them. */
async function withSizes(
  runtimes: readonly Runtime[],
  {
    provider: { images },
    languages,
  }: { readonly provider: Provider; readonly languages: LanguageIndex },
  signal: AbortSignal,
): Promise<readonly ListedRuntime[]> {
  const names = new Set(runtimes.flatMap(({ image }) => image ?? []));
  const sizes = new Map<string, number>();
  for (const name of names) {
    const stored = await images?.find(name, signal);
    if (stored !== undefined) sizes.set(name, stored.sizeBytes);
  }
  return runtimes.map((runtime) => {
    const { image, languageId } = runtime;
    if (image !== undefined) return { ...runtime, sizeBytes: sizes.get(image) };
    const language = languages.byName(languageId);
    return { ...runtime, sizeBytes: language && npmSizeBytes(language) };
  });
}
