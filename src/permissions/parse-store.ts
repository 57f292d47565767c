/**
 * @module
 * The file of a project's rules, checked. It is a file of its own since the checks take long to load, and
 * most projects have no rules.
 */
import { z } from "zod";
import { decisionScopes } from "../core/permission.ts";
import { parseWith } from "../util/zod-issues.ts";
import { parseHostPattern } from "./net-pattern.ts";
import { effects, ruleSources, type Pattern, type Rule } from "./rule.ts";
import { brokenStore, MAX_RULES, type StoredRules } from "./store-file.ts";
import { variableForm } from "./subject.ts";

const port = z.union([z.literal("*"), z.int().min(1).max(65_535)]);
const path = z
  .string()
  .max(4096)
  .regex(/^(\/|~$|~\/)[^\0]*$/, "must be a path from / or ~");
const common = {
  id: z.string().regex(/^[a-z0-9]{1,40}$/, "must be letters and digits"),
  effect: z.enum(effects),
  scope: z.enum(decisionScopes),
  by: z.enum(ruleSources),
  at: z.iso.datetime(),
  cmd: z.string().max(4096).optional(),
};

/** A rule that is taken for another one than its author meant is worse than none: nothing is repaired. */
const storedRule = z.discriminatedUnion("kind", [
  z.strictObject({
    ...common,
    kind: z.literal("net"),
    proto: z.enum(["tcp", "udp", "any"]),
    host: z
      .string()
      .max(300)
      .refine((host) => parseHostPattern(host) === host, "must be a host in its usual form"),
    port,
  }),
  z.strictObject({ ...common, kind: z.enum(["read", "write", "list", "socket"]), path }),
  z.strictObject({ ...common, kind: z.literal("forward"), port }),
  z.strictObject({ ...common, kind: z.literal("env"), name: z.string().regex(variableForm) }),
]);
type StoredRule = z.infer<typeof storedRule>;

const storeSchema = z.strictObject({
  v: z.literal(1),
  project: z.string().max(4096),
  rules: z.array(storedRule).max(MAX_RULES),
});

/** @throws {GloveboxError} `INVALID_CONFIG` that names the file: without its denials nothing may run. */
export function parseStore(text: string, file: string): StoredRules {
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch (error) {
    throw brokenStore(file, `is not JSON: ${(error as Error).message}`);
  }
  const version = (written as { readonly v?: unknown } | null)?.v;
  if (typeof version === "number" && version !== 1) {
    throw brokenStore(file, `has version ${version}; this Glovebox knows version 1 alone`);
  }
  const result = parseWith(storeSchema, written, "the file");
  if (!result.ok) {
    const faults = result.issues.map((issue) => `${issue.path} ${issue.message}`).join("; ");
    throw brokenStore(file, faults);
  }
  const { project, rules } = result.value;
  return { project, rules: rules.map(fromStored) };
}

function fromStored(stored: StoredRule): Rule {
  const { id, effect, scope, by, at, cmd } = stored;
  return {
    ...{ id, effect, scope, by, at, pattern: patternOf(stored) },
    ...(cmd !== undefined && { command: cmd }),
  };
}

function patternOf(stored: StoredRule): Pattern {
  switch (stored.kind) {
    case "net":
      return { kind: "net", protocol: stored.proto, host: stored.host, port: stored.port };
    case "forward":
      return { kind: "forward", port: stored.port };
    case "env":
      return { kind: "env", name: stored.name };
    case "read":
    case "write":
    case "list":
    case "socket":
      return { kind: stored.kind, path: stored.path };
  }
}
