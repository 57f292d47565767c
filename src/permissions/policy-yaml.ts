/**
 * @module
 * The form of a policy file: which lists it has, and where each item is written. To be loaded by those
 * who need it: the parser is large.
 */
import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Node,
  type Pair,
  type YAMLMap,
} from "yaml";
import { invalidRequest } from "../core/errors.ts";
import { showText, showValue } from "../util/show-value.ts";
import { effects, type Effect } from "./rule.ts";

export interface PolicyItem {
  readonly effect: Effect;
  readonly kind: string;
  readonly value: unknown;
  /** From 1. */
  readonly line: number;
}

const MAX_FILE_BYTES = 1024 * 1024;

/** @throws {GloveboxError} `INVALID_REQUEST` that names file and line. */
export function readPolicyYaml(text: string, origin: string): readonly PolicyItem[] {
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    throw invalidRequest(origin, `is larger than ${MAX_FILE_BYTES} bytes.`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    // Neither dates nor merges: what stands there is what it says.
    schema: "core",
  });
  const lineOf = (node: unknown): number => {
    const [start] = (node as Node | null)?.range ?? [0];
    return lines.linePos(start).line;
  };
  const fail = (line: number, message: string): Error =>
    invalidRequest(`${origin}:${line}`, `${message}.`);
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) {
    throw fail(lines.linePos(fault.pos[0]).line, `is not YAML: ${showText(fault.message)}`);
  }
  visit(document, {
    Alias: (_key, alias) => {
      throw fail(lineOf(alias), "aliases have no place in a policy");
    },
  });
  const root = document.contents as unknown;
  if (!isMap(root)) throw fail(1, "must be `version: 1`, and lists `allow` and `deny`");
  const items: PolicyItem[] = [];
  let hasVersion = false;
  for (const { key, value } of pairsOf(root)) {
    const name = isScalar(key) ? key.value : undefined;
    if (name === "version") {
      const version = isScalar(value) ? value.value : undefined;
      if (version !== 1)
        throw fail(lineOf(key), `version ${showValue(version)} is not known, only 1`);
      hasVersion = true;
      continue;
    }
    const effect = effects.find((each) => each === name);
    if (effect === undefined) {
      throw fail(lineOf(key), `${showValue(name)} is none of version, allow, deny`);
    }
    if (!isSeq(value)) throw fail(lineOf(key), `${effect} must be a list`);
    for (const item of value.items) {
      const pairs = isMap(item) ? pairsOf(item) : [];
      const [pair] = pairs;
      if (pair === undefined || pairs.length !== 1 || !isScalar(pair.key)) {
        throw fail(lineOf(item), `${effect}: must be one KIND: VALUE, \`net: api.github.com:443\``);
      }
      const scalar = isScalar(pair.value) ? pair.value.value : pair.value;
      items.push({ effect, kind: String(pair.key.value), value: scalar, line: lineOf(pair.key) });
    }
  }
  if (!hasVersion) throw fail(1, "lacks `version: 1`");
  return items;
}

const pairsOf = (map: YAMLMap): readonly Pair[] => map.items;
