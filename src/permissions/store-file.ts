/**
 * @module
 * The file of a project's rules, as it is on the disk.
 */
import { GloveboxError } from "../core/errors.ts";
import type { Rule } from "./rule.ts";

export const MAX_RULES = 5000;
/** What 5,000 rules with long paths need. */
export const MAX_STORE_BYTES = 8 * 1024 * 1024;

export interface StoredRules {
  /** The project's folder, canonical. */
  readonly project: string;
  readonly rules: readonly Rule[];
}

export function formatStore({ project, rules }: StoredRules): string {
  return `${JSON.stringify({ v: 1, project, rules: rules.map(toStored) }, null, 1)}\n`;
}

export function brokenStore(file: string, why: string): GloveboxError<"INVALID_CONFIG"> {
  const remedy = "Mend it, or delete it to forget all of this project's rules, denials among them";
  return new GloveboxError("INVALID_CONFIG", `${file}: ${why}. ${remedy}.`, {
    issues: [{ path: file, message: why }],
  });
}

/** For `--json` and the file: one level of names. */
export function toStored({ pattern, command, ...rule }: Rule): Record<string, unknown> {
  const { protocol, ...rest } = { protocol: undefined, ...pattern };
  return {
    ...rule,
    ...(protocol === undefined ? rest : { ...rest, proto: protocol }),
    ...(command !== undefined && { cmd: command }),
  };
}
