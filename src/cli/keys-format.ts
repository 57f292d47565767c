/**
 * @module
 * Keys as people and programs read them; never a secret.
 */
import type { CallerRules } from "../core/caller.ts";
import { limitNames } from "../core/limits.ts";
import { keyState } from "../service/key-state.ts";
import type { KeyEntry } from "../storage/keys-store.ts";
import { escapeControls } from "./escape-controls.ts";
import { formatLimit } from "./format-limit.ts";
import { flagOf } from "./limit-flags.ts";
import type { Paint } from "./print.ts";
import { formatTable } from "./table.ts";

/** @param now Milliseconds since 1970. */
export function formatKeys(keys: readonly KeyEntry[], now: number, paint: Paint): string {
  const rows = keys.map((key) => [
    key.id,
    key.name === "" ? "-" : escapeControls(key.name),
    key.scopes.join(","),
    describeState(key, now),
    dayOf(key.createdAtMs),
    key.lastUsedAtMs === null ? "never" : minuteOf(key.lastUsedAtMs),
    describeRules(key.rules),
  ]);
  const head = ["ID", "NAME", "SCOPES", "STATE", "CREATED", "LAST USED", "RULES"];
  return formatTable([head, ...rows], (cell, { row }) => {
    if (row === 0) return paint("bold", cell);
    return cell === "revoked" || cell === "expired" ? paint("dim", cell) : cell;
  });
}

function describeState(key: KeyEntry, now: number): string {
  const state = keyState(key, now);
  if (state !== "active" || key.expiresAtMs === null) return state;
  return `until ${minuteOf(key.expiresAtMs)}`;
}

/** `60/min, 2 at a time, only python, memory 256MiB`; `-` without any. */
function describeRules(rules: CallerRules): string {
  const { requestsPerMinute, maxConcurrent, executionsPerDay } = rules;
  const { languages, providers, network, fork, maxLimits = {} } = rules;
  const parts = [
    requestsPerMinute && `${requestsPerMinute}/min`,
    maxConcurrent && `${maxConcurrent} at a time`,
    executionsPerDay && `${executionsPerDay} a day`,
    languages && `languages ${languages.join(" ")}`,
    providers && `providers ${providers.join(" ")}`,
    network && `network ${network.join(" ")}`,
    fork && "no forks",
    ...limitNames.map((name) => {
      const most = maxLimits[name];
      return most && `${flagOf(name).slice(2)} ${formatLimit(name, most)}`;
    }),
  ].filter((part) => typeof part === "string");
  return parts.length === 0 ? "-" : parts.join(", ");
}

/** `2026-01-31`, UTC. */
function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** `2026-01-31 10:20Z` */
function minuteOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")}Z`;
}
