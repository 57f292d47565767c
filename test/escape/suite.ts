/**
 * @module
 * Programs that try to get out of a sandbox, and what must be left of the host afterwards: all of it.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Provider } from "../../src/core/provider.ts";
import { createLeftoverCheck, type LeftoverCheck } from "../helpers/leftovers.ts";
import type { Attack, Differences } from "./attack.ts";
import { attackGroups } from "./attacks/index.ts";
import { layBait, type Bait, type FolderOwner } from "./bait.ts";
import { describeCollecting } from "./collect.ts";
import { describeCompilers } from "./compilers.ts";
import { findLeftBehind } from "./left-behind.ts";
import { compilePrograms } from "./programs.ts";
import { runAttack, type Field } from "./run-attack.ts";
import { describeScenarios } from "./scenarios.ts";
import { describeWords } from "./words.ts";

export interface EscapeOptions {
  /** What is escaped from, and as whom. */
  readonly title: string;
  readonly compiler: string;
  /** Why this host can't run the suite at all; see `skipUnless`. */
  readonly skipReason: string | undefined;
  readonly mountGap: string | undefined;
  readonly differences?: Differences;
  /** Rows that only this provider has, by group. */
  readonly attacks?: Readonly<Record<string, readonly Attack[]>>;
  /** Of the workspace that is mounted. Default: this process's user. */
  readonly folderOwner?: FolderOwner;
  /** Ends what the provider keeps, before it is looked whether something is left. */
  readonly close?: () => Promise<void>;
  /** Programs that attack, and no other tests. Default: false. */
  readonly attacksAlone?: boolean;
  /** Tests that only this provider has. */
  readonly describeMore?: (field: () => Field) => void;
  /** What of this process's sandboxes is still there, besides what is seen in /proc and cgroups. */
  readonly findSandboxes?: () => Promise<readonly string[]>;
}

const ROW_MAX_MS = 20_000;

export function describeEscapes(getProvider: () => Provider, options: EscapeOptions): void {
  const { compiler, skipReason, mountGap, differences = {} } = options;
  const title = `escapes from ${options.title}`;
  const groups = { ...attackGroups, ...options.attacks };
  describe.skipIf(skipReason !== undefined)(withReason(title, skipReason), () => {
    let bait: Bait;
    let leftovers: LeftoverCheck;
    let programFolder: string;
    beforeAll(async () => {
      // Not below a folder that only this user may enter: the sandbox's user must read from it.
      programFolder = mkdtempSync(join(tmpdir(), "escape-programs-"));
      chmodSync(programFolder, 0o755);
      await compilePrograms(compiler, programFolder);
      // A server started from a root shell may have them, and files may be open to them.
      if (process.getuid?.() === 0) process.setgroups?.([0, 4, 6]);
      bait = await layBait(options.folderOwner);
      leftovers = await createLeftoverCheck();
    });
    afterAll(async () => {
      rmSync(programFolder, { recursive: true, force: true });
      await options.close?.();
      const left = [
        ...(await findLeftBehind(leftovers)),
        ...((await options.findSandboxes?.()) ?? []),
      ];
      await bait.remove();
      expect(left).toEqual([]);
    });
    const field = (): Field => {
      return { provider: getProvider(), bait, leftovers, programFolder, mountGap, differences };
    };

    for (const [group, attacks] of Object.entries(groups)) {
      describe(group, () => {
        for (const attack of attacks) describeAttack(field, attack);
      });
    }
    if (options.attacksAlone === true) return;
    describe("two runs", () => describeScenarios(field, mountGap));
    describe("words and streams", () => describeWords(field));
    describe("collecting", () => describeCollecting(field, mountGap));
    describe("compilers", () => describeCompilers(field));
    options.describeMore?.(field);
  });
}

function describeAttack(field: () => Field, attack: Attack): void {
  test(
    attack.name,
    async (context) => {
      const gap = await runAttack(field(), attack);
      context.skip(gap !== undefined, gap);
    },
    ROW_MAX_MS,
  );
}

const withReason = (name: string, reason: string | undefined): string =>
  reason === undefined ? name : `${name} (${reason})`;
