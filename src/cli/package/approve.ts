/**
 * @module
 * Whether a package may run: asked once for each content of its file, on the terminal.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { GloveboxError } from "../../core/errors.ts";
import type { Approvals, PackageSource } from "../../packages/approvals.ts";
import { askingText, auditPackage, changedText } from "../../packages/audit.ts";
import { imageOfPackage } from "../../packages/image-of-package.ts";
import { kindOfPackage, parsePackage } from "../../packages/parse-package.ts";
import type { Package } from "../../packages/package.ts";
import { wishesOf } from "../../packages/wishes.ts";
import { showName } from "../../permissions/show-untrusted.ts";
import { listenForSignals } from "../signals.ts";
import { openKeyboard, type Keyboard } from "../ask-changes.ts";

export interface Candidate {
  /** Canonical. */
  readonly path: string;
  /** As its user wrote it, for messages. */
  readonly name: string;
  readonly text: string;
  readonly sha256: string;
  readonly source?: PackageSource;
}

/**
 * Asks, and remembers a yes. What wants nothing of this machine is not asked about.
 *
 * @throws {GloveboxError} `INVALID_REQUEST`; `PACKAGE_NOT_APPROVED` for a no, and where nobody can be asked.
 */
export async function approve(
  candidate: Candidate,
  approvals: Approvals,
  answer: "yes" | OpenApprovalTerminal = openTerminal,
): Promise<Package> {
  const { path, name, text, sha256, source } = candidate;
  const parsed = parseCandidate(candidate);
  const before = approvals.last(path)?.package;
  const isHarmless = wishesOf(parsed).length === 0;
  const question = before === undefined ? askingText(parsed) : changedText(before, parsed);
  if (answer !== "yes" && !isHarmless && !(await isAgreed(question, parsed, name, answer))) {
    throw notApproved(name, "you said no, and nothing was run");
  }
  const runnable = await made(parsed);
  const record = { path, sha256, package: parsed, runnable, text };
  approvals.add({ ...record, ...(source === undefined ? {} : { source }) });
  return runnable;
}

/** Where it has an image, that is fetched now: its first run need not wait for it. */
async function made(it: Package): Promise<Package> {
  if (imageOfPackage(it) === undefined) return it;
  const { withImage } = await import("./package-image.ts");
  using interruption = listenForSignals();
  return await withImage(it, interruption.signal);
}

/** @throws {GloveboxError} `INVALID_REQUEST` */
export function parseCandidate({
  path,
  name,
  text,
}: Pick<Candidate, "path" | "name" | "text">): Package {
  if (kindOfPackage(text) === undefined) {
    throw new GloveboxError(
      "INVALID_REQUEST",
      `FILE: \`${name}\` is no package: its first line is not \`#!/usr/bin/env glovebox\`. To run a program, write \`glovebox run ${name}\`.`,
      { issues: [{ path: "FILE", message: "is no package" }] },
    );
  }
  return parsePackage(text, { origin: name, name: basename(path) });
}

async function isAgreed(
  question: string,
  it: Package,
  name: string,
  open: OpenApprovalTerminal,
): Promise<boolean> {
  using terminal = open();
  if (terminal === undefined) {
    const shown = showName(name);
    throw notApproved(
      name,
      `nobody has approved it as it is, and there is no terminal to ask on. Read it with \`glovebox package audit ${shown}\`, and say yes with \`glovebox package approve --yes ${shown}\``,
    );
  }
  const ask = "\nIs this okay? [y]es  [n]o  [v]iew all of it: ";
  terminal.write(`${question}${ask}`);
  for (;;) {
    const key = (await terminal.next())?.toLowerCase();
    if (key === "v") terminal.write(`v\n\n${auditPackage(it)}${ask}`);
    if (key === "y" || key === "n" || key === undefined) {
      terminal.write(`${key ?? "no"}\n`);
      return key === "y";
    }
  }
}

export interface ApprovalTerminal extends Keyboard {
  readonly write: (text: string) => void;
}

/** Undefined where there is none. */
export type OpenApprovalTerminal = () => ApprovalTerminal | undefined;

/** Whatever stdin and stdout are: they are the program's. */
function openTerminal(): ApprovalTerminal | undefined {
  const keyboard = openKeyboard(new AbortController().signal);
  if (keyboard === undefined) return undefined;
  const fd = openSync("/dev/tty", "w");
  return {
    next: keyboard.next,
    // In raw mode a line feed does not go back to the first column.
    write: (text) => void writeSync(fd, text.replaceAll("\n", "\r\n")),
    [Symbol.dispose]: () => {
      keyboard[Symbol.dispose]();
      closeSync(fd);
    },
  };
}

function notApproved(name: string, why: string): GloveboxError {
  return new GloveboxError("PACKAGE_NOT_APPROVED", `${showName(name)}: ${why}.`, { path: name });
}
