/**
 * @module
 * `glovebox package add`, `update`, `search` and `init`: packages from elsewhere.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { invalidRequest } from "../../core/errors.ts";
import {
  hashOf,
  type Approval,
  type Approvals,
  type PackageSource,
} from "../../packages/approvals.ts";
import { checkOut, isRepository } from "../../packages/git-index.ts";
import { readIndex, searchPackages, type IndexedPackage } from "../../packages/indexes.ts";
import { showName, showUntrusted } from "../../permissions/show-untrusted.ts";
import { printNote } from "../print.ts";
import { untilSignal } from "../signals.ts";
import { formatTable } from "../table.ts";
import { approve, parseCandidate } from "./approve.ts";
import { packageOfImage } from "./package-image.ts";
import { approvalsHere, type PackageFlags } from "./package-work.ts";
import {
  installFolder,
  isOnPath,
  isWritable,
  ownIndex,
  refuseOverwriting,
} from "./package-places.ts";
import { readPackageText } from "./run-package.ts";

interface Source {
  /** Of the file to be. */
  readonly name: string;
  readonly text: string;
  readonly source: PackageSource;
}

/** `--image` says that the word is an image. */
export interface AddFlags extends PackageFlags {
  readonly image?: boolean;
  readonly name?: string;
}

export async function addPackage(word: string, flags: AddFlags): Promise<number> {
  return untilSignal(async (signal) => {
    const approvals = approvalsHere();
    const found = await findSource(word, flags, signal);
    const name = flags.name ?? found.name;
    checkName(name);
    const folder = installFolder(flags.into);
    mkdirSync(folder, { recursive: true });
    const path = join(realpathSync(folder), name);
    refuseOverwriting(path, approvals);
    await install({ ...found, name }, path, approvals, flags, signal);
    tellOfPath(folder, name);
    return 0;
  });
}

function checkName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9+._-]*$/.test(name)) return;
  throw invalidRequest("--name", `${showName(name)} is no name for a command.`);
}

/** Asked first, then written: a file that nobody agreed to is not there. */
async function install(
  { name, text, source }: Source,
  path: string,
  approvals: Approvals,
  { yes }: PackageFlags,
  signal: AbortSignal,
): Promise<void> {
  const folder = resolve(path, "..");
  if (!isWritable(folder)) {
    throw invalidRequest(
      "--into",
      `\`${folder}\` can't be written to. Name a folder of yours, on your PATH.`,
    );
  }
  const candidate = { path, name, text, sha256: hashOf(text), source };
  const agreed = await approve(candidate, approvals, yes === true ? "yes" : "ask");
  try {
    signal.throwIfAborted();
    writeWhole(path, text);
  } catch (error) {
    if (!existsSync(path)) approvals.remove(path);
    throw error;
  }
  printNote(`added ${showName(agreed.name)} ${showUntrusted(agreed.version)} as ${showName(path)}`);
}

function writeWhole(path: string, text: string): void {
  const temporary = `${path}.glovebox-${process.pid}`;
  try {
    writeFileSync(temporary, text, { flag: "wx", mode: 0o755 });
    chmodSync(temporary, 0o755);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function tellOfPath(folder: string, name: string): void {
  if (!isOnPath(folder)) {
    printNote(`${showName(folder)} is not on your PATH: add it there to run it as \`${name}\``);
  }
}

async function findSource(word: string, flags: AddFlags, signal: AbortSignal): Promise<Source> {
  if (flags.image === true) return packageOfImage(word, signal);
  // A file of that name may lie in any folder: it has to be meant.
  if (word.includes("/")) return sourceOfFile(word);
  const { packages } = await readIndexes(flags, signal);
  const found = packages.find(({ name }) => name === word);
  if (found !== undefined) return sourceOfIndex(found);
  throw invalidRequest(
    "PACKAGE",
    `no index has a package \`${word}\`. \`glovebox package search\` lists them; a file is \`./${word}\`, an image \`--image ${word}\`.`,
  );
}

function sourceOfFile(word: string): Source {
  const text = readPackageText(word);
  const path = realpathSync(word);
  const { name } = parseCandidate({ path, name: word, text });
  return { name, text, source: { kind: "file", path } };
}

const sourceOfIndex = ({ index, name, text }: IndexedPackage): Source => ({
  ...{ name, text },
  source: { kind: "index", index, name },
});

interface Indexed {
  readonly packages: readonly IndexedPackage[];
}

/** Of all that were named, those that come with Glovebox last: the first of a name is meant. */
async function readIndexes({ index = [] }: PackageFlags, signal: AbortSignal): Promise<Indexed> {
  const packages: IndexedPackage[] = [];
  for (const each of [...index, ownIndexName]) packages.push(...(await readOneIndex(each, signal)));
  return { packages };
}

/** In what is remembered: its folder may move with an update of Glovebox. */
const ownIndexName = "glovebox";

async function readOneIndex(
  index: string,
  signal: AbortSignal,
): Promise<readonly IndexedPackage[]> {
  if (isRepository(index)) {
    await using checkout = await checkOut(index, signal);
    return readFolder(checkout.folder, index);
  }
  const folder = index === ownIndexName ? ownIndex() : resolve(index);
  return readFolder(folder, index === ownIndexName ? index : folder);
}

function readFolder(folder: string, index: string): readonly IndexedPackage[] {
  let read: ReturnType<typeof readIndex>;
  try {
    read = readIndex(folder, index);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw invalidRequest("--index", `\`${index}\` can't be read: ${code ?? message}.`);
  }
  for (const { file, message } of read.faults) printNote(`left out ${showName(file)}: ${message}`);
  return read.packages;
}

export async function search(words: readonly string[], flags: PackageFlags): Promise<number> {
  return untilSignal(async (signal) => {
    const { packages } = await readIndexes(flags, signal);
    const found = searchPackages(packages, words);
    if (flags.json === true) {
      const rows = found.map(({ index, name, package: it }) => ({
        ...{ name, version: it.version, description: it.description, index },
      }));
      process.stdout.write(`${JSON.stringify({ packages: rows }, null, 2)}\n`);
    } else if (found.length === 0) {
      printNote(`no package has ${words.map((word) => showName(word)).join(" and ")}`);
    } else {
      const rows = found.map(({ name, package: { version, description } }) =>
        [name, version, description].map(showUntrusted),
      );
      process.stdout.write(formatTable([["NAME", "VERSION", "WHAT IT DOES"], ...rows]));
    }
    return found.length === 0 ? 1 : 0;
  });
}

/** Each by itself: one that fails keeps no other from its turn. */
export async function updatePackages(
  words: readonly string[],
  flags: PackageFlags,
): Promise<number> {
  return untilSignal(async (signal) => {
    const approvals = approvalsHere();
    const meant = wanted(words, approvals.all());
    if (meant.length === 0) printNote("there is nothing to update");
    let failures = 0;
    for (const each of meant) {
      try {
        await updateOne(each, approvals, flags, signal);
      } catch (error) {
        signal.throwIfAborted();
        failures++;
        printNote(`${showName(basename(each.path))}: ${(error as Error).message}`);
      }
    }
    return failures === 0 ? 0 : 1;
  });
}

function wanted(words: readonly string[], all: readonly Approval[]): readonly Approval[] {
  const withSource = all.filter(({ source }) => source !== undefined);
  if (words.length === 0) return withSource;
  return words.map((word) => {
    const found = withSource.find(({ path }) => path === word || basename(path) === word);
    if (found !== undefined) return found;
    throw invalidRequest(
      "PACKAGE",
      `\`${word}\` was not added from anywhere. See \`glovebox package list\`.`,
    );
  });
}

async function updateOne(
  { path, sha256, source }: Approval,
  approvals: Approvals,
  flags: PackageFlags,
  signal: AbortSignal,
): Promise<void> {
  const found = await sourceAgain(source, signal);
  const name = basename(path);
  if (hashOf(found.text) === sha256 && existsSync(path)) {
    printNote(`${showName(name)} is up to date`);
    return;
  }
  await install({ ...found, name }, path, approvals, flags, signal);
}

async function sourceAgain(
  source: PackageSource | undefined,
  signal: AbortSignal,
): Promise<Source> {
  switch (source?.kind) {
    case "file":
      return sourceOfFile(source.path);
    case "image":
      return packageOfImage(source.image, signal);
    case "index": {
      const packages = await readOneIndex(source.index, signal);
      const found = packages.find(({ name }) => name === source.name);
      if (found !== undefined) return sourceOfIndex(found);
      throw invalidRequest(
        "PACKAGE",
        `${source.index} has no package \`${source.name}\` any more.`,
      );
    }
    case undefined:
      throw invalidRequest("PACKAGE", "it was not added from anywhere.");
  }
}

export interface InitFlags {
  readonly image?: string;
  readonly language?: string;
  readonly command?: string;
}

/** Writes a package to begin with, into the current folder. */
export function initPackage(file: string, flags: InitFlags): number {
  const name = basename(file);
  checkName(name);
  if (flags.language !== undefined && flags.command !== undefined) {
    throw invalidRequest(
      "--command",
      "can't be used together with --language. Leave one of them out.",
    );
  }
  try {
    writeFileSync(file, initialText(name, flags), { flag: "wx", mode: 0o755 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw invalidRequest(
      "FILE",
      code === "EEXIST"
        ? `\`${file}\` is there already.`
        : `\`${file}\` can't be written: ${String(code)}.`,
    );
  }
  printNote(
    `wrote ${showName(file)}. Edit it, and run it as \`${file.includes("/") ? file : `./${file}`}\``,
  );
  return 0;
}

function initialText(name: string, { image, language, command }: InitFlags): string {
  const quoted = JSON.stringify;
  const program =
    language === undefined
      ? [`command: ${quoted(command ?? name)}`]
      : [`language: ${quoted(language)}`, "script: |", "  # the program"];
  return `${[
    "#!/usr/bin/env glovebox",
    "# What each line means: docs/packages.md, or `glovebox package schema` for your editor.",
    "glovebox: 1",
    `name: ${quoted(name)}`,
    `version: "1"`,
    `description: ""`,
    ...(image === undefined ? [] : [`image: ${quoted(image)}`]),
    ...program,
    "# What it may do. It is asked about once, before the first run.",
    "workspace: ro        # none, ro, rw or copy: of the folder in which it is started",
    "network: none        # none, ask, all, or a list: [api.github.com:443]",
    "environment: []      # names of variables of yours",
    "files: []            # paths; ~ is your home",
  ].join("\n")}\n`;
}
