/**
 * @module
 * What `glovebox package` does.
 */
import { existsSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { invalidRequest } from "../../core/errors.ts";
import { hashOf, openApprovals, type Approval, type Approvals } from "../../packages/approvals.ts";
import { auditPackage } from "../../packages/audit.ts";
import { packageJsonSchema, type Package } from "../../packages/package.ts";
import { maxPackageBytes } from "../../packages/parse-package.ts";
import { wishesOf } from "../../packages/wishes.ts";
import { showName, showUntrusted } from "../../permissions/show-untrusted.ts";
import { readBoundedFile } from "../../util/read-bounded-file.ts";
import { requireStateFolder } from "../permission-place.ts";
import { printNote } from "../print.ts";
import { formatTable } from "../table.ts";
import { approve, parseCandidate } from "./approve.ts";
import { findPackageFile, isPackageFile } from "./package-places.ts";
import { readPackageText } from "./run-package.ts";

export interface PackageFlags {
  readonly into?: string;
  readonly index?: readonly string[];
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export const approvalsHere = (): Approvals => openApprovals(requireStateFolder(process.env));

/** Whether a file still is what was approved. */
type State = "approved" | "changed" | "missing";

function stateOf({ path, sha256 }: Approval): State {
  if (!existsSync(path)) return "missing";
  try {
    return hashOf(readBoundedFile(path, maxPackageBytes)) === sha256 ? "approved" : "changed";
  } catch {
    return "changed";
  }
}

export function listPackages({ json }: PackageFlags): number {
  const all = approvalsHere().all();
  if (json === true) {
    printJson({
      packages: all.map((each) => ({
        ...{ name: each.package.name, version: each.package.version, file: each.path },
        ...{ state: stateOf(each), approved_at: each.at, source: each.source ?? null },
      })),
    });
    return 0;
  }
  if (all.length === 0) {
    printNote("there is no package yet. `glovebox package search` lists those that you can add");
    return 0;
  }
  const rows = all.map((each) => [
    showUntrusted(each.package.name),
    showUntrusted(each.package.version),
    stateOf(each),
    showName(each.path),
  ]);
  process.stdout.write(formatTable([["NAME", "VERSION", "STATE", "FILE"], ...rows]));
  return 0;
}

interface Found {
  readonly path: string;
  readonly text: string;
  readonly package: Package;
}

function find(word: string, approvals: Approvals): Found {
  const path = findPackageFile(word, approvals);
  const text = readPackageText(path);
  return { path, text, package: parseCandidate({ path, name: word, text }) };
}

export function showPackage(word: string, { json }: PackageFlags): number {
  const approvals = approvalsHere();
  const { path, text, package: it } = find(word, approvals);
  if (json === true) {
    const isApproved = approvals.find(hashOf(text)) !== undefined;
    printJson({ file: path, approved: isApproved, package: it, wants: wishesOf(it) });
    return 0;
  }
  process.stdout.write(process.stdout.isTTY ? escapedText(text) : text);
  return 0;
}

/** On a terminal it is shown to somebody. */
const escapedText = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.replace(/\S+/g, showUntrusted))
    .join("\n");

export function audit(word: string): number {
  const approvals = approvalsHere();
  const { path, text, package: it } = find(word, approvals);
  const state = approvals.find(hashOf(text)) === undefined ? "not approved" : "approved";
  process.stdout.write(`${auditPackage(it)}\nFile: ${showName(path)} (${state})\n`);
  return 0;
}

export async function approvePackage(word: string, { yes }: PackageFlags): Promise<number> {
  const approvals = approvalsHere();
  const path = findPackageFile(word, approvals);
  const text = readPackageText(path);
  const candidate = { path, name: word, text, sha256: hashOf(text) };
  if (approvals.last(path)?.sha256 === candidate.sha256) {
    printNote(`${showName(basename(path))} is approved already`);
    return 0;
  }
  await approve(candidate, approvals, ...(yes === true ? (["yes"] as const) : []));
  printNote(`${showName(basename(path))} is approved, as long as its file stays as it is`);
  return 0;
}

/** All of them, or none where a word names no package. */
export function removePackages(words: readonly string[]): number {
  const approvals = approvalsHere();
  const known = approvals.all();
  const meant = words.map((word) => {
    const found = known.find(({ path }) => path === word || basename(path) === word);
    if (found !== undefined) return found;
    throw invalidRequest(
      "PACKAGE",
      `there is no package \`${word}\`. See \`glovebox package list\`.`,
    );
  });
  for (const each of meant) {
    // A file of somebody's own, which was only approved, stays, and so does what is no package any more.
    const isOurs = each.source !== undefined && isPackageFile(each.path);
    if (isOurs) rmSync(each.path, { force: true });
    approvals.remove(each.path);
    const what = isOurs ? "removed" : "forgot";
    printNote(`${what} ${showName(each.path)}`);
  }
  return 0;
}

export function printSchema(): number {
  printJson(packageJsonSchema());
  return 0;
}

function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
