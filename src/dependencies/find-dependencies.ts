/**
 * @module
 * Whether a program has dependencies, by the files beside it.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  type Stats,
} from "node:fs";
import { extname, join } from "node:path";
import { invalidRequest } from "../core/errors.ts";
import { ecosystems } from "./ecosystems.ts";
import type { Ecosystem, ManifestFile } from "./ecosystem.ts";
import { inlineMetadata } from "./inline-metadata.ts";

export interface Dependencies {
  readonly ecosystem: Ecosystem;
  /** The manifest, then what goes with it. */
  readonly files: readonly ManifestFile[];
  /** What declares them, for people. */
  readonly from: string;
}

export interface ProgramPlace {
  /** Id of its language; undefined for a command. */
  readonly language: string | undefined;
  /** Of a command, its words with spaces between, the first without folders. */
  readonly command: string | undefined;
  /** Of its main file; empty where nobody has it. */
  readonly code: string;
  /** The folder that it lies in; undefined: it lies in none. */
  readonly folder: string | undefined;
}

/** Of all files together; a lock file of a large project has a few MB. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_FILES = 32;

/** @throws {GloveboxError} `INVALID_REQUEST` for a manifest that can't be read. */
export function findDependencies(place: ProgramPlace): Dependencies | undefined {
  const { language, command, code, folder } = place;
  const isOf = ({ commands, extensions }: Ecosystem, words: string): boolean =>
    commands.test(words) || extensions.includes(extname(words.split(" ", 1)[0] ?? ""));
  const ecosystem = ecosystems.find((each) =>
    language === undefined ? isOf(each, command ?? "") : each.languages.includes(language),
  );
  if (ecosystem === undefined) return undefined;
  const inline = ecosystem.id === "pip" ? inlineMetadata(code) : undefined;
  if (inline !== undefined) {
    const files = [{ path: "script.toml", content: Buffer.from(inline) }];
    return { ecosystem, files, from: "its own metadata (PEP 723)" };
  }
  if (folder === undefined) return undefined;
  const { ownFolder } = ecosystem;
  // A command sees its folder with all that is in it; a file alone does not.
  const hasOwn = command !== undefined && ownFolder !== undefined;
  if (hasOwn && existsSync(join(folder, ownFolder))) return undefined;
  return inFolder(ecosystem, folder);
}

function inFolder(ecosystem: Ecosystem, folder: string): Dependencies | undefined {
  let leftBytes = MAX_BYTES;
  const read = (path: string): ManifestFile | undefined => {
    const file = readManifest(folder, path, leftBytes);
    leftBytes -= file?.content.byteLength ?? 0;
    return file;
  };
  const manifest = firstOf(ecosystem.manifests, read);
  if (manifest === undefined || !ecosystem.declares(manifest.content.toString("utf8"))) {
    return undefined;
  }
  const names = readdirSync(folder).filter(
    (name) => ecosystem.companions.test(name) && name !== manifest.path,
  );
  const companions = names
    .sort()
    .slice(0, MAX_FILES)
    .flatMap((name) => read(name) ?? []);
  return { ecosystem, files: [manifest, ...companions], from: manifest.path };
}

function firstOf<T>(
  paths: readonly string[],
  read: (path: string) => T | undefined,
): T | undefined {
  for (const path of paths) {
    const found = read(path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Undefined where there is none. Through a link of the project's could come any file. */
function readManifest(folder: string, path: string, maxBytes: number): ManifestFile | undefined {
  let fd: number;
  try {
    fd = openSync(
      join(folder, path),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unreadable(path, code === "ELOOP" ? "it is a symbolic link" : code);
  }
  try {
    const status = fstatSync(fd);
    if (!status.isFile()) throw unreadable(path, "it is no file");
    if (status.size > maxBytes) {
      throw unreadable(path, `it makes more than ${MAX_BYTES / 1024 ** 2} MiB of such files`);
    }
    if (isStrange(status) && isShared(folder)) {
      throw unreadable(path, "it is another user's, in a folder that all may write to");
    }
    return { path, content: readFileSync(fd) };
  } finally {
    closeSync(fd);
  }
}

const isStrange = ({ uid }: Stats): boolean => uid !== 0 && uid !== process.getuid?.();

/** As /tmp: what lies beside a program there need not be of whoever wrote that. */
const isShared = (folder: string): boolean => (statSync(folder).mode & constants.S_IWOTH) !== 0;

const unreadable = (path: string, why: string) =>
  invalidRequest(path, `can't be read: ${why}. Mend it, or run with --no-dependencies.`);
