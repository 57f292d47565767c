/**
 * @module
 * `glovebox languages`
 */
import { Command } from "commander";
import type { LoadedLanguage, Runtime } from "../../core/language.ts";
import type { Provider } from "../../core/provider.ts";
import { installCommand } from "../../service/runtimes.ts";
import { createProvider, createService, loadLanguages } from "../../app.ts";
import { painterFor } from "../print.ts";
import { addDockerHostFlag, addProviderFlag, parseProviderFlags } from "../provider-flag.ts";
import type { RawProviderFlags } from "../provider-flag.ts";
import { reportErrors } from "../report-errors.ts";
import { createInstallCommand, createPrepareCommand } from "./languages-install.ts";
import { formatTable } from "../table.ts";

interface LanguagesFlags extends RawProviderFlags {
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export function createLanguagesCommand(onExit: (exitCode: number) => void): Command {
  const command = new Command("languages")
    .summary("list the languages and what is installed of them")
    .description("Lists the languages, and which version a sandbox on this machine has of each.")
    .addCommand(createInstallCommand(onExit))
    .addCommand(createPrepareCommand(onExit));
  return addDockerHostFlag(addProviderFlag(command))
    .option("--json", "print JSON")
    .option("-v, --verbose", "traces of failures")
    .helpOption("-h, --help", "show this help")
    .action(async (flags: LanguagesFlags) => {
      onExit(await reportErrors(flags, () => listLanguages(flags)));
    });
}

async function listLanguages(flags: LanguagesFlags): Promise<number> {
  const { provider: name, docker } = parseProviderFlags(flags);
  const languages = loadLanguages();
  const provider = await createProvider(name, { docker });
  const service = createService({ provider, languages });
  try {
    const runtimes = await service.runtimes(new AbortController().signal);
    const text =
      flags.json === true
        ? formatJson(provider, languages.languages, runtimes)
        : formatLanguages(provider, languages.languages, runtimes);
    process.stdout.write(text);
    return 0;
  } finally {
    await service.close();
  }
}

function formatLanguages(
  provider: Provider,
  languages: readonly LoadedLanguage[],
  runtimes: readonly Runtime[],
): string {
  const paint = painterFor(process.stdout, process.env);
  const rows = languages.map((language) => {
    const found = runtimesOf(language, runtimes);
    return [
      language.id,
      language.title,
      found.length === 0 ? "not installed" : found.map(describeRuntime).join(", "),
      found.length === 0 ? installCommand(provider, language) : "",
    ];
  });
  return formatTable([["LANGUAGE", "TITLE", "VERSION", "GET IT WITH"], ...rows], (cell, place) => {
    if (place.row === 0) return paint("bold", cell);
    return cell === "not installed" ? paint("yellow", cell) : cell;
  });
}

function formatJson(
  provider: Provider,
  languages: readonly LoadedLanguage[],
  runtimes: readonly Runtime[],
): string {
  const rows = languages.map((language) => {
    const found = runtimesOf(language, runtimes);
    return {
      id: language.id,
      title: language.title,
      aliases: language.aliases,
      extensions: language.extensions,
      version: found[0]?.version ?? null,
      installed: found.length > 0,
      runtimes: found.map(({ version, image = null }) => ({ version, image })),
      install: installCommand(provider, language),
    };
  });
  return `${JSON.stringify({ languages: rows }, null, 2)}\n`;
}

/** `3.13.1 (python:3.13)` */
function describeRuntime({ version, image }: Runtime): string {
  const text = version ?? "installed";
  return image === undefined ? text : `${text} (${image})`;
}

function runtimesOf({ id }: LoadedLanguage, runtimes: readonly Runtime[]): readonly Runtime[] {
  return runtimes.filter(({ languageId }) => languageId === id);
}
