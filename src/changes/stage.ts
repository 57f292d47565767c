/**
 * @module
 * Where changes wait until somebody has decided: a folder of this user's, with numbers for names. No
 * name that a program chose is one there.
 */
import { randomUUID } from "node:crypto";
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { ChangeSink, CopiedThing } from "../core/changes.ts";
import { invalidRequest } from "../core/errors.ts";
import { changeSetSchema, type ChangeSet } from "./change-set.ts";

const LIST = "changes.json";
/** What has no list by then is of a run that was killed. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;
const isId = (name: string): boolean => /^[0-9a-f]{8}$/.test(name);

/** A thing that came, and the number and size of its content. */
export type StagedThing =
  | Exclude<CopiedThing, { readonly kind: "file" }>
  | (Extract<CopiedThing, { readonly kind: "file" }> & {
      readonly blob: number;
      readonly size: number;
    });

export interface Stage {
  readonly id: string;
  readonly sink: ChangeSink;
  /** What has come so far. */
  readonly things: () => readonly StagedThing[];
  readonly discard: () => void;
}

/**
 * @param parent Of all stages; made where it is missing.
 * @throws {GloveboxError} `INVALID_REQUEST` where nothing can be kept there.
 */
export function openStage(parent: string): Stage {
  prepareParent(parent);
  const id = randomUUID().slice(0, 8);
  const folder = join(parent, id);
  mkdirSync(folder, { mode: 0o700 });
  const things: StagedThing[] = [];
  let file:
    { readonly fd: number; readonly thing: Extract<CopiedThing, { kind: "file" }> } | undefined;
  let blobs = 0;
  let size = 0;

  const sink: ChangeSink = {
    take: (thing) => {
      if (thing.kind !== "file") {
        things.push(thing);
        return;
      }
      size = 0;
      file = { fd: openSync(blobPath(parent, id, blobs), "wx", 0o600), thing };
    },
    takeContent: (bytes) => {
      if (file === undefined) throw new Error("content of no file");
      size += bytes.length;
      for (let put = 0; put < bytes.length;) put += writeSync(file.fd, bytes, put);
    },
    endFile: (state) => {
      if (file === undefined) throw new Error("the end of no file");
      closeSync(file.fd);
      const { path } = file.thing;
      things.push(
        state === "whole"
          ? { ...file.thing, blob: blobs, size }
          : { kind: "leftOut", path, reason: "unreadable" },
      );
      file = undefined;
      blobs += 1;
    },
  };
  const discard = (): void => {
    if (file !== undefined) closeSync(file.fd);
    file = undefined;
    discardChanges(parent, id);
  };
  return { id, sink, things: () => things, discard };
}

export const blobPath = (parent: string, id: string, blob: number): string =>
  join(parent, id, String(blob));

/** Puts the list beside its contents, or a shorter one in its place. */
export function keepChanges(parent: string, set: ChangeSet): void {
  const path = join(parent, set.id, LIST);
  writeFileSync(`${path}.new`, JSON.stringify(set), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** @throws {GloveboxError} `INVALID_REQUEST` where there are none of this id, or its list is broken. */
export function readChangeSet(parent: string, id: string): ChangeSet {
  const path = join(parent, id, LIST);
  let text: string;
  try {
    if (!isId(id)) throw new Error("no id");
    text = readFileSync(path, "utf8");
  } catch {
    throw invalidRequest("ID", `no changes are kept as \`${id}\`. See \`glovebox changes list\`.`);
  }
  try {
    return changeSetSchema.parse(JSON.parse(text));
  } catch {
    const remedy = `Remove its folder \`${dirname(path)}\` if you don't need it`;
    throw invalidRequest("ID", `the list of changes \`${path}\` can't be read. ${remedy}.`);
  }
}

export function listChanges(parent: string): readonly string[] {
  return namesIn(parent).filter((id) => statOrNone(join(parent, id, LIST)) !== undefined);
}

export function discardChanges(parent: string, id: string): void {
  if (isId(id)) rmSync(join(parent, id), { recursive: true, force: true });
}

/** Removes what runs left that were killed before they had read all. */
export function sweepStages(parent: string, nowMs: number): void {
  for (const id of namesIn(parent)) {
    const status = statOrNone(join(parent, id));
    const hasList = statOrNone(join(parent, id, LIST)) !== undefined;
    if (status === undefined || hasList || nowMs - status.mtimeMs < ABANDONED_AFTER_MS) continue;
    discardChanges(parent, id);
  }
}

function namesIn(parent: string): readonly string[] {
  try {
    return readdirSync(parent).filter(isId).sort();
  } catch {
    return [];
  }
}

const statOrNone = (path: string) => statSync(path, { throwIfNoEntry: false });

/** What is applied later is what lies there: nobody else may have a hand in it. */
function prepareParent(parent: string): void {
  try {
    mkdirSync(dirname(parent), { recursive: true, mode: 0o755 });
    mkdirSync(parent, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw invalidRequest(
      "--workspace",
      `the folder for changes \`${parent}\` can't be made: ${(cause as Error).message}.`,
    );
  }
  const status = lstatSync(parent);
  if (status.isDirectory() && status.uid === process.geteuid?.() && (status.mode & 0o022) === 0)
    return;
  throw invalidRequest(
    "--workspace",
    `the folder for changes \`${parent}\` must belong to you, and nobody else may write there. Run \`chown ${process.geteuid?.()} ${parent}\` and \`chmod 700 ${parent}\`.`,
  );
}
