/**
 * @module
 * Files that a launcher reads inside its sandbox and sends as frames, see native/launcher/README.md.
 * The bytes are treated as a stranger's: with gVisor an earlier program may have written into the same
 * stream. What it could put in so are files, with which it could as well have ended.
 */
import { isUtf8 } from "node:buffer";
import {
  collectWallTimeMs,
  foldersOf,
  maxSkippedPaths,
  pathsToCollect,
  type CollectedFiles,
  type CollectRequest,
  type SkippedPath,
  type SkipReason,
} from "../core/collected.ts";
import { parseFilePath } from "../core/file-path.ts";
import type { Execution } from "../core/execution.ts";
import { workspacePath, type SandboxFile } from "../core/sandbox.ts";
import type { CommandSetting } from "./exec-message.ts";
import { cutFrame } from "./frame.ts";
import type { Records } from "./message.ts";

/** What an exec message has in place of a program: native/launcher/collect.c. */
export function collectRecords(request: CollectRequest): Records {
  const { maxFiles, maxBytes } = request;
  return [
    ["collect", [String(maxFiles), String(maxBytes)]],
    ...pathsToCollect(request).map((path) => ["path", path] as const),
  ];
}

const PIECE_BYTES = 32 * 1024;
/** Headers and the longest path that there can be. */
const MOST_BYTES_BESIDES_CONTENT = 2 * 1024;

/**
 * @param run Runs the launcher's collecting in the place of a program.
 * @throws {Error} where it does not end well, or sends what is not allowed.
 */
export async function collectFiles(
  request: CollectRequest,
  run: (setting: CommandSetting) => Promise<Execution>,
): Promise<CollectedFiles> {
  const reader = readCollected(request);
  const { outcome } = await run({
    ...settingOf(request),
    onOutput: (stream, chunk) => {
      if (stream === "stdout") reader.take(chunk);
    },
  });
  if (outcome.kind === "limit") throw new Error(`the limit ${outcome.limit} was reached`);
  if (outcome.kind !== "exited" || outcome.exitCode !== 0) throw new Error("it did not end well");
  return reader.finish();
}

/** The launcher keeps to all bounds itself; these are the walls behind it. */
function settingOf({ maxFiles, maxBytes }: CollectRequest): Omit<CommandSetting, "onOutput"> {
  const pieces = Math.ceil(maxBytes / PIECE_BYTES);
  const names = maxFiles + maxSkippedPaths + 1;
  const outputBytes = maxBytes + pieces * 16 + names * MOST_BYTES_BESIDES_CONTENT;
  return {
    env: {},
    cwd: workspacePath,
    stdin: "empty",
    limits: {
      wallTimeMs: collectWallTimeMs,
      cpuTimeMs: collectWallTimeMs,
      outputBytes: Math.min(outputBytes, Number.MAX_SAFE_INTEGER),
    },
    onOutputLimit: "kill",
  };
}

export interface CollectedReader {
  /** @throws {Error} for bytes that a launcher does not send. */
  readonly take: (chunk: Buffer) => void;
  /** @throws {Error} where the end is missing. */
  readonly finish: () => CollectedFiles;
}

const kinds = ["f", "c", "e", "s", "."] as const;
type Kind = (typeof kinds)[number];

const reasons: Readonly<Record<string, SkipReason>> = {
  s: "special",
  l: "link",
  t: "tooLarge",
  u: "unreadable",
  n: "name",
};

/** A file of which more may come. */
interface OpenFile {
  readonly name: Buffer;
  readonly executable: boolean;
  readonly pieces: Buffer[];
}

export function readCollected(bounds: Omit<CollectRequest, "paths">): CollectedReader {
  const tree = createTree();
  let filesLeft = bounds.maxFiles;
  let bytesLeft = bounds.maxBytes;
  let open: OpenFile | undefined;
  let isComplete: boolean | undefined;

  const takePart = (file: OpenFile, kind: Kind, bytes: Buffer): void => {
    if (kind === "c") {
      bytesLeft -= bytes.length;
      if (bytesLeft < 0) throw new Error("more bytes than were asked for");
      file.pieces.push(bytes);
    } else if (kind === "e") {
      open = undefined;
      if (choose(wordOf(bytes), { "-": true, u: false })) tree.add(file);
      else tree.leaveOut(file.name, "unreadable");
    } else {
      throw new Error(`a frame \`${kind}\` inside of a file`);
    }
  };
  const takeFrame = (kind: Kind, bytes: Buffer): void => {
    const word = wordOf(bytes);
    const name = bytes.subarray(1);
    if (isComplete !== undefined) throw new Error("a frame after the last one");
    if (open !== undefined) {
      takePart(open, kind, bytes);
    } else if (kind === "f") {
      filesLeft -= 1;
      if (filesLeft < 0) throw new Error("more files than were asked for");
      open = { name, executable: choose(word, { x: true, "-": false }), pieces: [] };
    } else if (kind === "s") {
      tree.leaveOut(name, choose(word, reasons));
    } else if (kind === ".") {
      isComplete = choose(word, { "-": true, c: false });
    } else {
      throw new Error(`a frame \`${kind}\` outside of a file`);
    }
  };

  let rest: Buffer = Buffer.alloc(0);
  return {
    take: (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let frame = cutFrame(rest, kinds); frame !== undefined; frame = cutFrame(rest, kinds)) {
        rest = frame.rest;
        takeFrame(frame.kind, frame.bytes);
      }
    },
    finish: () => {
      if (isComplete === undefined || rest.length > 0) throw new Error("the end is missing");
      return { ...tree.all(), isComplete };
    },
  };
}

const wordOf = (bytes: Buffer): string => bytes.toString("latin1", 0, 1);

function choose<T>(word: string, meanings: Readonly<Record<string, T>>): T {
  const meaning = Object.hasOwn(meanings, word) ? meanings[word] : undefined;
  if (meaning === undefined) throw new Error(`an unknown word \`${word}\``);
  return meaning;
}

/** What has come: names that can be given on, no two in each other's place. */
function createTree() {
  const files = new Map<string, Required<SandboxFile>>();
  const folders = new Set<string>();
  const skipped: SkippedPath[] = [];
  const leaveOut = (name: Buffer, reason: SkipReason): void => {
    if (skipped.length < maxSkippedPaths) skipped.push({ path: shownPath(name), reason });
  };
  return {
    leaveOut,
    add: ({ name, executable, pieces }: OpenFile): void => {
      const path = name.toString("utf8");
      if (!isUtf8(name) || !parseFilePath(path).ok) {
        leaveOut(name, "name");
        return;
      }
      // In a mounted folder others may move things during the walk, so that it meets them twice.
      const above = foldersOf(path);
      const isTaken = files.has(path) || folders.has(path) || above.some((it) => files.has(it));
      if (isTaken) return;
      for (const folder of above) folders.add(folder);
      files.set(path, { path, content: Buffer.concat(pieces), executable });
    },
    all: () => ({ files: [...files.values()].sort(byPath), skipped }),
  };
}

/** A name for people, who may read it on a terminal. */
export const shownPath = (name: Buffer): string =>
  name.toString("utf8").replace(/\p{Cc}/gu, "\uFFFD");

const byPath = (left: SandboxFile, right: SandboxFile): number => (left.path < right.path ? -1 : 1);
