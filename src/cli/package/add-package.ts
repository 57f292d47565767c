/**
 * @module
 * `glovebox package add`, `update` and `search`: packages from elsewhere.
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
import { hashOf, type Approval, type Approvals } from "../../packages/approvals.ts";
import { searchPackages } from "../../packages/indexes.ts";
import { showName, showUntrusted } from "../../permissions/show-untrusted.ts";
import { printNote } from "../print.ts";
import { untilSignal } from "../signals.ts";
import { formatTable } from "../table.ts";
import { approve } from "./approve.ts";
import {
  checkName,
  installFolder,
  isOnPath,
  isWritable,
  refuseOverwriting,
} from "./package-places.ts";
import {
  findSource,
  readIndexes,
  sourceAgain,
  type AddFlags,
  type Source,
} from "./package-sources.ts";
import { approvalsHere, type PackageFlags } from "./package-work.ts";

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
  const agreed = await approve(candidate, approvals, ...(yes === true ? (["yes"] as const) : []));
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
  refuseOverwriting(path, approvals);
  await install({ ...found, name }, path, approvals, flags, signal);
}
