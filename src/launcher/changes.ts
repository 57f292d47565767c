/**
 * @module
 * What a program changed in its copy of a folder, as a launcher reads it inside its sandbox and sends it
 * in frames, see native/launcher/README.md. The bytes are treated as a stranger's.
 */
import {
  changesWallTimeMs,
  folderOf,
  isBytePath,
  maxChangeEntries,
  type BytePath,
  type ChangesRequest,
  type CopiedThing,
  type LeftOutReason,
} from "../core/changes.ts";
import type { Execution } from "../core/execution.ts";
import { changesPath } from "../core/sandbox.ts";
import type { CommandSetting } from "./exec-message.ts";
import { cutFrame } from "./frame.ts";
import type { Records } from "./message.ts";

/** What an exec message has in place of a program: native/launcher/changes.c. */
export const changesRecords = ({ maxBytes }: ChangesRequest): Records => [
  ["changes", [String(maxChangeEntries), String(maxBytes)]],
];

/**
 * @param run Runs the launcher's reading in the place of a program.
 * @returns Whether that was all: false where there are more than `maxChangeEntries`.
 * @throws {Error} where it does not end well, or sends what is not allowed.
 */
export async function readChanges(
  request: ChangesRequest,
  run: (setting: CommandSetting) => Promise<Execution>,
): Promise<boolean> {
  const reader = changesReader(request);
  const { outcome } = await run({
    env: {},
    cwd: changesPath,
    stdin: "empty",
    limits: {
      wallTimeMs: changesWallTimeMs,
      cpuTimeMs: changesWallTimeMs,
      // The launcher keeps to the bounds of the request, and the reader holds it to them.
      outputBytes: "unlimited",
    },
    onOutputLimit: "kill",
    onOutput: (stream, chunk) => {
      if (stream === "stdout") reader.take(chunk);
    },
  });
  if (outcome.kind === "limit") throw new Error(`the limit ${outcome.limit} was reached`);
  if (outcome.kind !== "exited" || outcome.exitCode !== 0) throw new Error("it did not end well");
  return reader.finish();
}

export interface ChangesReader {
  /** @throws {Error} for bytes that a launcher does not send. */
  readonly take: (chunk: Buffer) => void;
  /** @throws {Error} where the end is missing. */
  readonly finish: () => boolean;
}

const kinds = ["d", "f", "c", "e", "l", "w", "s", "."] as const;
type Kind = (typeof kinds)[number];

const reasons: Readonly<Record<string, LeftOutReason>> = {
  s: "special",
  t: "tooLarge",
  u: "unreadable",
  n: "name",
};

export function changesReader({ sink, maxBytes }: Omit<ChangesRequest, "signal">): ChangesReader {
  const admit = createAdmission();
  let bytesLeft = maxBytes;
  let isInFile = false;
  let isComplete: boolean | undefined;

  const takePart = (kind: Kind, bytes: Buffer): void => {
    if (kind === "c") {
      bytesLeft -= bytes.length;
      if (bytesLeft < 0) throw new Error("more bytes than were asked for");
      sink.takeContent(bytes);
    } else if (kind === "e") {
      isInFile = false;
      sink.endFile(wordOf(bytes, { "-": "whole", u: "unreadable" }));
    } else {
      throw new Error(`a frame \`${kind}\` inside of a file`);
    }
  };
  const takeFrame = (kind: Kind, bytes: Buffer): void => {
    if (isComplete !== undefined) throw new Error("a frame after the last one");
    if (isInFile) {
      takePart(kind, bytes);
    } else if (kind === ".") {
      isComplete = wordOf(bytes, { "-": true, c: false });
    } else {
      const thing = thingOf(kind, bytes);
      admit(thing);
      isInFile = thing.kind === "file";
      sink.take(thing);
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
      return isComplete;
    },
  };
}

function thingOf(kind: Kind, bytes: Buffer): CopiedThing {
  switch (kind) {
    case "d":
      return {
        kind: "folder",
        isFresh: wordOf(bytes, { o: true, "-": false }),
        ...modeAndPath(bytes),
      };
    case "f":
      wordOf(bytes, { "-": true });
      return { kind: "file", ...modeAndPath(bytes) };
    case "l": {
      wordOf(bytes, { "-": true });
      const [path = "", target = "", ...more] = bytes.toString("latin1", 1).split("\0");
      if (target === "" || more.length > 0) throw new Error("a link to nowhere");
      return { kind: "link", path, target };
    }
    case "w":
      wordOf(bytes, { "-": true });
      return { kind: "gone", path: bytes.toString("latin1", 1) };
    case "s":
      return {
        kind: "leftOut",
        reason: wordOf(bytes, reasons),
        path: bytes.toString("latin1", 1),
      };
    case "c":
    case "e":
    case ".":
      throw new Error(`a frame \`${kind}\` outside of a file`);
  }
}

function modeAndPath(bytes: Buffer): { readonly mode: number; readonly path: BytePath } {
  if (bytes.length < 3) throw new Error("a frame without a mode");
  return { mode: bytes.readUInt16LE(1) & 0o777, path: bytes.toString("latin1", 3) };
}

/** Refuses what would lead somewhere else: nothing may lie but in a folder that came before it. */
function createAdmission(): (thing: CopiedThing) => void {
  const folders = new Set<BytePath>();
  const seen = new Set<BytePath>();
  return ({ kind, path, ...thing }) => {
    const isTop = seen.size === 0;
    if (isTop !== (path === "") || (isTop && kind !== "folder")) {
      throw new Error("the folder itself is not the first");
    }
    // A name that is refused for its length may not be a path that could be used, and is not used.
    const isRefused = kind === "leftOut" && "reason" in thing && thing.reason === "name";
    if (!isRefused && !isBytePath(path)) throw new Error("a name that leads somewhere else");
    if (!isTop && !folders.has(folderOf(path))) throw new Error("a name below what is no folder");
    // A folder may be said to be unreadable once it was opened.
    const isKnown = seen.has(path);
    if (isKnown && kind !== "leftOut") throw new Error("a name for the second time");
    if (seen.size > maxChangeEntries) throw new Error("more names than were asked for");
    seen.add(path);
    if (kind === "folder") folders.add(path);
  };
}

function wordOf<T>(bytes: Buffer, meanings: Readonly<Record<string, T>>): T {
  const word = bytes.toString("latin1", 0, 1);
  const meaning = Object.hasOwn(meanings, word) ? meanings[word] : undefined;
  if (meaning === undefined) throw new Error(`an unknown word \`${word}\``);
  return meaning;
}
