/**
 * @module
 * What `glovebox permissions` does with the rules of projects.
 */
import { createInterface } from "node:readline/promises";
import { invalidRequest } from "../core/errors.ts";
import { explainSubject } from "../permissions/explain.ts";
import { locatePath } from "../permissions/locate-path.ts";
import { formatPolicyFile, parsePolicyFile } from "../permissions/policy-file.ts";
import { listProjects, openRuleStore, type RuleStore } from "../permissions/rule-store.ts";
import { showName } from "../permissions/show-untrusted.ts";
import { toStored } from "../permissions/store-file.ts";
import { showValue } from "../util/show-value.ts";
import { readPolicyText } from "./policy-text.ts";
import { projectName, realHome, requireStateFolder } from "./permission-place.ts";
import { describeWish, formatRules } from "./permissions-format.ts";
import { painterFor, printNote } from "./print.ts";

export interface PermissionsFlags {
  readonly project?: string;
  readonly all?: boolean;
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly verbose?: boolean;
}

interface Place {
  readonly project: string;
  readonly store: RuleStore;
}

export async function listPermissions(flags: PermissionsFlags): Promise<number> {
  const projects =
    flags.all === true
      ? await listProjects(requireStateFolder(process.env))
      : [await readProject(flags)];
  if (flags.json === true) {
    printJson({
      projects: projects.map(({ project, rules }) => ({ project, rules: rules.map(toStored) })),
    });
    return 0;
  }
  const paint = painterFor(process.stdout, process.env);
  for (const { project, rules } of projects) {
    if (rules.length === 0) printNote(`there is no rule for ${showName(project)}`);
    else {
      if (flags.all === true) process.stdout.write(`${showName(project)}\n`);
      process.stdout.write(formatRules(rules, paint));
    }
  }
  if (projects.length === 0) printNote("there is no rule for any project");
  return 0;
}

/** All of them, or none where a word names no rule. */
export async function revokePermissions(
  ids: readonly string[],
  flags: PermissionsFlags,
): Promise<number> {
  const { store, project } = await placeOf(flags);
  if (flags.all !== true && ids.length === 0) {
    throw invalidRequest("ID", "say which rules, or `--all`.");
  }
  if (flags.all === true && ids.length > 0) {
    throw invalidRequest("--all", "says all rules; leave the ids out.");
  }
  const known = new Set((await store.read()).map(({ id }) => id));
  const unknown = ids.find((id) => !known.has(id));
  if (unknown !== undefined) {
    const remedy = "`glovebox permissions list` shows them.";
    throw invalidRequest("ID", `${showName(project)} has no rule ${showValue(unknown)}. ${remedy}`);
  }
  const removed = await store.remove(({ id }) => flags.all === true || ids.includes(id));
  for (const { id } of removed) process.stdout.write(`revoked ${id}\n`);
  return 0;
}

export async function exportPermissions(flags: PermissionsFlags): Promise<number> {
  const { project, rules } = await readProject(flags);
  if (flags.json === true) printJson({ v: 1, project, rules: rules.map(toStored) });
  else process.stdout.write(formatPolicyFile(rules, project));
  return 0;
}

export async function importPermissions(file: string, flags: PermissionsFlags): Promise<number> {
  const { store, project } = await placeOf(flags);
  const place = { home: realHome(), locate: locatePath };
  const rules = await parsePolicyFile(readPolicyText("FILE", file), { origin: file, place });
  if (rules.length === 0) {
    printNote(`${file} has no rules`);
    return 0;
  }
  const wishes = rules.map((rule) => describeWish(rule, { home: place.home, env: process.env }));
  process.stderr.write(
    `${showName(file)} wants additional access for programs in ${showName(project)}. They want to:\n`,
  );
  for (const wish of wishes) process.stderr.write(`* ${wish}\n`);
  if (flags.yes !== true && !(await isAgreed())) {
    printNote("nothing was changed");
    return 1;
  }
  const added = await store.add(rules);
  printNote(`added ${added.length} of ${rules.length} rules; the others were there`);
  return 0;
}

export async function explainPermission(
  kind: string,
  text: string,
  flags: PermissionsFlags,
): Promise<number> {
  const { store } = await placeOf(flags);
  const explained = explainSubject(
    { kind, text, rules: await store.read() },
    { home: realHome(), cwd: process.cwd(), env: process.env, locate: locatePath },
  );
  if (flags.json === true) {
    const { decision, rule, meaning, flag } = explained;
    printJson({ decision, meaning, flag, ...(rule && { rule: toStored(rule) }) });
  } else process.stdout.write(explained.lines.map((line) => `${line}\n`).join(""));
  return 0;
}

async function placeOf({ project: text }: PermissionsFlags): Promise<Place> {
  const state = requireStateFolder(process.env);
  const isKnown = async (name: string): Promise<boolean> =>
    (await listProjects(state)).some((known) => known.project === name);
  const project = await projectName(text, process.cwd(), isKnown);
  return { project, store: openRuleStore(state, project) };
}

async function readProject(flags: PermissionsFlags) {
  const { project, store } = await placeOf(flags);
  return { project, rules: await store.read() };
}

/** @throws {GloveboxError} `INVALID_REQUEST` without a terminal. */
async function isAgreed(): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw invalidRequest("--yes", "there is no terminal to ask on. Agree with `-y`.");
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question("Is this okay? [y/N] ")).trim());
  } catch {
    // Ctrl-C and the terminal's end are no.
    return false;
  } finally {
    terminal.close();
  }
}

function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
