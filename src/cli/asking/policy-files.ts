/**
 * @module
 * Files of rules: read for a run, written from what a run asked for.
 */
import { writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { invalidRequest } from "../../core/errors.ts";
import type { DecisionLog } from "../../permissions/decision-log.ts";
import { locatePath } from "../../permissions/locate-path.ts";
import type { MeaningPlace } from "../../permissions/meaning.ts";
import { learnedPolicy, parsePolicyFile } from "../../permissions/policy-file.ts";
import type { Rule } from "../../permissions/rule.ts";
import { readPolicyText } from "../policy-text.ts";

/**
 * @param file As written; absent: there is none.
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export async function rulesOfPolicy(
  file: string | undefined,
  { cwd, home }: { readonly cwd: string; readonly home: string },
): Promise<readonly Rule[]> {
  if (file === undefined) return [];
  const origin = basename(file);
  const place = { home, cwd, locate: locatePath };
  const rules = await parsePolicyFile(readPolicyText("--policy", resolve(cwd, file)), {
    origin,
    place,
  });
  const at = new Date().toISOString();
  return rules.map((rule) => ({ ...rule, id: origin, at }));
}

/** @throws {GloveboxError} `INVALID_REQUEST` where a rule would hold nothing back. */
export function refuseRulesOfConnections(rules: readonly Rule[]): void {
  if (!rules.some(({ pattern: { kind } }) => kind === "net" || kind === "forward")) return;
  throw invalidRequest(
    "--policy",
    "it has rules about connections, and with `--network all` none of them holds. Leave --network out.",
  );
}

/** @throws {GloveboxError} `INVALID_REQUEST` where there is something already: nothing is overwritten. */
export function refuseExisting(file: string): void {
  try {
    writeFileSync(file, "", { flag: "wx", mode: 0o644 });
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    const why = code === "EEXIST" ? "is there already" : `can't be written (${code})`;
    throw invalidRequest("--learn", `\`${file}\` ${why}. Name a new file.`);
  }
}

/** @returns Lines for people. */
export function writeLearned(
  file: string,
  log: DecisionLog,
  place: MeaningPlace & { readonly command: string },
): readonly string[] {
  writeFileSync(file, learnedPolicy(log, place));
  return [`wrote ${file}: read it, take out what it should not have, and run with --policy`];
}
