/**
 * @module
 * What all operations share.
 */
import type { BigIntStats } from "node:fs";
import type { Owner } from "./attributes.ts";
import { type AccessKind, type Asking, requireConsent, type Waiter } from "./consent.ts";
import type { HandleTable } from "./handles.ts";
import type { NameBudget } from "./listing.ts";
import type { AskFsRoot, NodeTable } from "./nodes.ts";

export interface Tree {
  readonly roots: readonly AskFsRoot[];
  readonly nodes: NodeTable;
  readonly handles: HandleTable;
  readonly names: NameBudget;
  readonly asking: Asking;
  readonly owner: Owner;
  /** Host paths that do not exist. */
  readonly hidden: readonly string[];
}

/** @throws {Refusal} */
export const ask = (tree: Tree, waiter: Waiter, kind: AccessKind, path: string): Promise<void> =>
  requireConsent(tree.asking, waiter, { kind, path });

export const shown = (tree: Tree, stat: BigIntStats) => ({ stat, owner: tree.owner });
