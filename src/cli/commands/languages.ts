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
import { formatTable } from "../table.ts";

interface LanguagesFlags extends RawProviderFlags {
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export function createLanguagesCommand(onExit: (exitCode: number) => void): Command {
  const command = new Command("languages")
    .summary("list the languages and what is installed of them")
    .description("Lists the languages, and which version a sandbox on this machine has of each.");
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
    const runtime = findRuntime(language, runtimes);
    return [
      language.id,
      language.title,
      runtime === undefined ? "not installed" : (runtime.version ?? "installed"),
      runtime === undefined ? installCommand(provider, language) : "",
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
    const runtime = findRuntime(language, runtimes);
    return {
      id: language.id,
      title: language.title,
      aliases: language.aliases,
      extensions: language.extensions,
      version: runtime?.version ?? null,
      installed: runtime !== undefined,
      install: installCommand(provider, language),
    };
  });
  return `${JSON.stringify({ languages: rows }, null, 2)}\n`;
}

function findRuntime(language: LoadedLanguage, runtimes: readonly Runtime[]): Runtime | undefined {
  return runtimes.find(({ languageId }) => languageId === language.id);
}
