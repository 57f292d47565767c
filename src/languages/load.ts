/**
 * @module
 * Reads and checks `languages/`: one folder a language, `language.yaml` and its first program.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, YAMLParseError } from "yaml";
import { GloveboxError } from "../core/errors.ts";
import type { Issue } from "../core/errors.ts";
import { ownRepository } from "../core/image.ts";
import { languageSchema } from "../core/language.ts";
import type { Language, LoadedLanguage } from "../core/language.ts";
import { parseWith } from "../util/zod-issues.ts";
import { bracedNameFault } from "./braced-names.ts";
import { indexLanguages } from "./index-languages.ts";

/**
 * Loads every folder of `dir`, sorted by id.
 *
 * @throws {GloveboxError} `INVALID_CONFIG` naming the file, the place in it and the value.
 */
export async function loadLanguages(dir: string): Promise<LoadedLanguage[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const loaded = await Promise.all(names.sort().map((name) => loadLanguage(dir, name)));
  indexLanguages(loaded);
  return loaded;
}

async function loadLanguage(dir: string, name: string): Promise<LoadedLanguage> {
  const file = join(dir, name, "language.yaml");
  const parsed = parseWith(languageSchema, await readYaml(file), "language");
  if (!parsed.ok) throw invalid(file, parsed.issues.map(inWords));
  const language = parsed.value;
  if (language.id !== name) {
    throw invalid(file, [
      { path: "id", message: `must be the folder's name \`${name}\`, not \`${language.id}\`` },
    ]);
  }
  checkPatterns(file, language);
  const fault = bracedNameFault(language);
  if (fault !== undefined) throw invalid(file, [fault]);
  const texts = await readTexts(join(dir, name), language);
  const { image, ...rest } = language;
  if (image === undefined) return { ...rest, ...texts, ...ownImage(language) };
  const loaded = { ...rest, ...texts, image: { name: image.name } };
  if (image.dockerfile === undefined) return loaded;
  return { ...loaded, dockerfileText: await readText(join(dir, name, image.dockerfile)) };
}

async function readTexts(
  folder: string,
  { hello, warm }: Language,
): Promise<Pick<LoadedLanguage, "helloCode" | "preludeText" | "usualCode">> {
  const textOf = (file: string): Promise<string> => readText(join(folder, file));
  const { prelude, usual } = warm ?? {};
  return {
    helloCode: await textOf(hello),
    ...(prelude === undefined ? {} : { preludeText: await textOf(prelude.file) }),
    ...(usual === undefined ? {} : { usualCode: await textOf(usual) }),
  };
}

/** The schema shows the form of an extension as a regular expression. */
function inWords(issue: Issue): Issue {
  const [, value] =
    /^(?:extensions|sourceExtensions)\[.*, not ("[^.].*")$/s.exec(
      `${issue.path}: ${issue.message}`,
    ) ?? [];
  return value === undefined ? issue : { ...issue, message: `must begin with a dot, not ${value}` };
}

/** For a language that no registry has an image of. */
function ownImage(language: Language): Pick<LoadedLanguage, "image" | "dockerfileText"> {
  return language.install.debian.length > 0 ? debianImage(language) : npmImage(language);
}

function npmImage({ id, install }: Language): Pick<LoadedLanguage, "image" | "dockerfileText"> {
  const packages = (install.npm ?? []).map((each) => `'${each}'`).join(" ");
  const flags = "--prefix /opt/npm --ignore-scripts --omit=dev --no-audit --no-fund";
  const lines = [
    "FROM node:22-slim",
    `RUN npm install ${flags} ${packages} \\`,
    "    && rm -rf /root/.npm",
    'ENV PATH="/opt/npm/node_modules/.bin:$PATH"',
  ];
  return { image: { name: `${ownRepository(id)}:npm` }, dockerfileText: `${lines.join("\n")}\n` };
}

function debianImage({ id, install }: Language): Pick<LoadedLanguage, "image" | "dockerfileText"> {
  const lines = [
    "FROM debian:stable-slim",
    "RUN apt-get update \\",
    `    && apt-get install -y --no-install-recommends ${install.debian.join(" ")} \\`,
    "    && rm -rf /var/lib/apt/lists/*",
  ];
  return {
    image: { name: `${ownRepository(id)}:debian` },
    dockerfileText: `${lines.join("\n")}\n`,
  };
}

/** A wrong pattern would only show on a user's machine. */
function checkPatterns(file: string, { version, fromCode, prepare, warm }: Language): void {
  checkPattern(file, "version.pattern", version.pattern);
  const { path, unless } = prepare?.shortcut ?? {};
  if (path !== undefined) checkPattern(file, "prepare.shortcut.path", `(${path})`);
  if (unless !== undefined) checkPattern(file, "prepare.shortcut.unless", `(${unless})`);
  if (warm?.unless !== undefined) checkPattern(file, "warm.unless", `(${warm.unless})`);
  for (const [at, { patterns }] of fromCode.entries()) {
    for (const pattern of patterns) checkPattern(file, `fromCode[${at}].patterns`, pattern);
  }
}

function checkPattern(file: string, path: string, pattern: string): void {
  const groups = countGroups(pattern);
  if (typeof groups === "string") throw invalid(file, [{ path, message: groups }]);
  if (groups < 1) {
    const message = `must have a group around what is looked for, not \`${pattern}\``;
    throw invalid(file, [{ path, message }]);
  }
}

/** The number of groups, or why it is no regular expression. */
function countGroups(pattern: string): number | string {
  try {
    return (new RegExp(`${pattern}|`).exec("")?.length ?? 1) - 1;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function readYaml(file: string): Promise<unknown> {
  const text = await readText(file);
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    const line = error.linePos?.[0].line ?? 0;
    throw invalid(file, [{ path: `line ${line}`, message: error.message }], error);
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalid(file, [{ path: "file", message: `cannot be read: ${reason}` }], error);
  }
}

function invalid(
  file: string,
  issues: readonly Issue[],
  cause?: unknown,
): GloveboxError<"INVALID_CONFIG"> {
  const text = issues.map(({ path, message }) => `${path}: ${message}`).join("; ");
  const located = issues.map(({ path, message }) => ({ path: `${file}: ${path}`, message }));
  return new GloveboxError("INVALID_CONFIG", `${file}: ${text}`, { issues: located }, { cause });
}
