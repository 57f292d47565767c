/**
 * @module
 * The end of a run on a copy: what changed is kept first, then shown, and then becomes what its user
 * says. Until then nothing in the folder is another.
 */
import { lstatSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { compare } from "../changes/compare.ts";
import type { ChangeSet } from "../changes/change-set.ts";
import { dangerOf } from "../changes/delicate.ts";
import { blobPath, discardChanges, keepChanges, openStage, sweepStages } from "../changes/stage.ts";
import type { Stage } from "../changes/stage.ts";
import type { ChangesRequest } from "../core/changes.ts";
import { invalidRequest } from "../core/errors.ts";
import type { ExecutionReport } from "../service/request.ts";
import { askForChoice, openKeyboard } from "./ask-changes.ts";
import type { ChangesChoice } from "./changes-flags.ts";
import {
  applyKept,
  changesDocument,
  changesFolder,
  commandsFor,
  explainApplied,
  explainChanges,
  explainTexts,
} from "./changes-work.ts";
import { isInForeground } from "./own-stdin.ts";
import { printNote } from "./print.ts";
import type { RunOptions } from "./run-options.ts";
import { mountsBelow } from "./mounts-below.ts";
import { isInside } from "./workspace-flag.ts";

export interface Review {
  readonly request: ChangesRequest;
  /** Called once, when the program has ended and its streams are at rest. */
  readonly settle: (report: Pick<ExecutionReport, "changes">) => Promise<Settled>;
  /** Where there is no report: nothing is left behind. Idempotent. */
  readonly abandon: () => void;
}

export interface Settled {
  /** False where changes were to be applied, and could not all be. */
  readonly isDone: boolean;
  /** For `--json`. */
  readonly document: Readonly<Record<string, unknown>>;
}

export interface ReviewParts {
  /** The folder, absolute, without symbolic links. */
  readonly folder: string;
  readonly command: string;
  readonly options: Pick<RunOptions, "changes" | "limits" | "report" | "verbosity">;
  readonly signal: AbortSignal;
}

/** A file system's clock may be some ms behind ours. */
const CLOCK_MARGIN_MS = 10;

/** @throws {GloveboxError} `INVALID_REQUEST` where changes can't be kept. */
export function openReview(parts: ReviewParts): Review {
  const parent = changesFolder(process.env);
  const { folder, options } = parts;
  if (isInside(folder, realPathOf(parent))) {
    throw invalidRequest(
      "--workspace",
      `\`${folder}\` holds \`${parent}\`, where Glovebox keeps changes. Name a folder in it.`,
    );
  }
  const mount = mountsBelow(folder, readFileSync("/proc/self/mountinfo", "utf8"))[0];
  if (mount !== undefined) {
    throw invalidRequest(
      "--workspace",
      `another file system is mounted in \`${folder}\`, at \`${mount}\`: a copy would not show it. Unmount it, or name a folder without it.`,
    );
  }
  const stage = openStage(parent);
  sweepStages(parent, Date.now());
  let isKept = false;
  const startedNs = BigInt(Date.now() - CLOCK_MARGIN_MS) * 1_000_000n;
  return {
    request: { maxBytes: options.limits.diskBytes, sink: stage.sink },
    settle: async ({ changes }) => {
      if (changes === undefined || changes.problem !== undefined) {
        stage.discard();
        const why = changes?.problem ?? "the sandbox was ended";
        printNote(`what it changed is lost, ${folder} is as it was: ${why}`);
        return { isDone: true, document: { state: "lost", reason: why } };
      }
      const set = changeSetOf(parts, parent, stage, startedNs, changes.isComplete);
      if (set.changes.length === 0 && set.leftOut.length === 0) {
        stage.discard();
        if (options.verbosity === "verbose") printNote(`it changed nothing in ${folder}`);
        return { isDone: true, document: { state: "none", ...changesDocument(set) } };
      }
      keepChanges(parent, set);
      isKept = true;
      return decide(parts, parent, set);
    },
    abandon: () => {
      if (!isKept) stage.discard();
    },
  };
}

/** Of what may not be there yet. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === dirname(path) ? path : join(realPathOf(dirname(path)), basename(path));
  }
}

function changeSetOf(
  { folder, command }: ReviewParts,
  parent: string,
  stage: Stage,
  startedNs: bigint,
  isComplete: boolean,
): ChangeSet {
  const { id } = stage;
  const things = stage.things();
  const { dev, ino } = lstatSync(folder, { bigint: true });
  return {
    version: 1,
    id,
    folder,
    folderIdentity: { dev: String(dev), ino: String(ino) },
    command,
    endedAt: new Date().toISOString(),
    changes: compare({
      folder,
      things,
      blobPath: (blob) => blobPath(parent, id, blob),
      startedNs,
    }),
    leftOut: things.flatMap((thing) =>
      thing.kind === "leftOut" ? [{ path: thing.path, reason: thing.reason }] : [],
    ),
    isComplete,
  };
}

async function decide(parts: ReviewParts, parent: string, set: ChangeSet): Promise<Settled> {
  const { options } = parts;
  const isSilent = options.report === "json" || options.verbosity === "quiet";
  const choice = options.changes ?? (options.report === "json" ? "keep" : undefined);
  if (!isSilent || choice === undefined) explainChanges(set).forEach(printNote);
  switch (choice ?? (await askOrKeep(parts, parent, set))) {
    case "discard":
      discardChanges(parent, set.id);
      return { isDone: true, document: { state: "discarded", ...changesDocument(set) } };
    case "keep":
      for (const note of keptNotes(set, options.changes)) printNote(note);
      return { isDone: true, document: { state: "kept", ...changesDocument(set) } };
    case "apply":
      return apply(parent, set, { all: false, isSilent });
    case "applyAll":
      return apply(parent, set, { all: true, isSilent });
  }
}

const keptNotes = (set: ChangeSet, said: ChangesChoice | undefined): readonly string[] => [
  `the changes are kept as ${set.id}, and ${set.folder} is as it was${said === undefined ? " (--apply, --discard or --keep decide beforehand)" : ""}:`,
  ...commandsFor(set).map((line) => `  ${line}`),
];

function apply(
  parent: string,
  set: ChangeSet,
  { all, isSilent }: { readonly all: boolean; readonly isSilent: boolean },
): Settled {
  const applied = applyKept(parent, set, { all });
  const isDone = applied.refused.length === 0;
  if (!isSilent || !isDone) explainApplied(set, applied).forEach(printNote);
  const state = isDone ? "applied" : "partly_applied";
  return { isDone, document: { state, ...changesDocument(set, applied.refused) } };
}

async function askOrKeep(
  { signal }: ReviewParts,
  parent: string,
  set: ChangeSet,
): Promise<ChangesChoice> {
  // The kernel would stop a background job that reads the terminal.
  if (!process.stderr.isTTY || !isInForeground()) return "keep";
  using keyboard = openKeyboard(signal);
  if (keyboard === undefined) return "keep";
  const write = (text: string): void => void process.stderr.write(text);
  return await askForChoice(keyboard, write, {
    show: () => {
      for (const line of explainTexts(parent, set)) write(`${line}\n`);
    },
    isDelicate: set.changes.some((change) => dangerOf(change) !== undefined),
  });
}
