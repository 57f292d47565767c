/**
 * @module
 * A remembered answer: what it is about, and how long it holds.
 */
import { randomBytes } from "node:crypto";
import type { DecisionScope, NetProtocol } from "../core/permission.ts";

export type PathKind = "read" | "write" | "list" | "socket";

/** The subjects that a rule is about. */
export type Pattern =
  | {
      readonly kind: "net";
      readonly protocol: NetProtocol | "any";
      /** As `parseHostPattern` writes it: a name, `*.github.com` (not the apex), an address or a CIDR. */
      readonly host: string;
      readonly port: number | "*";
    }
  /** Absolute or from `~`, canonical, on the host. With `/` at its end it is a folder and all below. */
  | { readonly kind: PathKind; readonly path: string }
  | { readonly kind: "forward"; readonly port: number | "*" }
  | { readonly kind: "env"; readonly name: string };

export const effects = ["allow", "deny"] as const;
export type Effect = (typeof effects)[number];

/** Where a rule came from. `prompt`: an answer on a terminal; `api`, `broker`: one from there. */
export const ruleSources = ["prompt", "api", "broker", "cli", "flag", "import"] as const;
export type RuleSource = (typeof ruleSources)[number];

export interface NewRule {
  readonly effect: Effect;
  readonly pattern: Pattern;
  readonly scope: DecisionScope;
  readonly by: RuleSource;
  /** What was run when it was made, for people. */
  readonly command?: string;
}

export interface Rule extends NewRule {
  /** Of stored ones unique in their project, `r7k2mqxa`; of flags the flag itself. */
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** Two processes that make rules at the same time make different ids. */
export function newRuleId(): string {
  const letters = "abcdefghijkmnpqrstuvwxyz23456789";
  return `r${[...randomBytes(8)].map((byte) => letters[byte % letters.length] ?? "a").join("")}`;
}
