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
import type { Attack, User } from "./attack.ts";
import { attackGroups } from "./attacks/index.ts";
import { layBait, type Bait } from "./bait.ts";
import { describeCompilers } from "./compilers.ts";
import { describeKilledOwners } from "./killed-owners.ts";
import { findLeftBehind } from "./left-behind.ts";
import { compilePrograms } from "./programs.ts";
import { runAttack, type Field } from "./run-attack.ts";
import { describeScenarios } from "./scenarios.ts";

export interface EscapeOptions {
  readonly user: User;
  readonly compiler: string;
  readonly launcherPath: string;
  /** Why this host can't run the suite at all; see `skipUnless`. */
  readonly skipReason: string | undefined;
}

const ROW_MAX_MS = 20_000;

export function describeEscapes(provider: Provider, options: EscapeOptions): void {
  const { user, compiler, skipReason } = options;
  const title = `escapes from linux as ${user === "root" ? "root" : "an ordinary user"}`;
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
      if (user === "root") process.setgroups?.([0, 4, 6]);
      bait = await layBait();
      leftovers = await createLeftoverCheck();
    });
    afterAll(async () => {
      const left = await findLeftBehind(leftovers);
      await bait.remove();
      rmSync(programFolder, { recursive: true, force: true });
      expect(left).toEqual([]);
    });
    const field = (): Field => ({ provider, bait, leftovers, programFolder });

    for (const [group, attacks] of Object.entries(attackGroups)) {
      describe(group, () => {
        for (const attack of attacks) describeAttack(field, attack);
      });
    }
    describe("two runs", () => describeScenarios(field));
    describe("killed owners", () => describeKilledOwners(field, options.launcherPath));
    describe("compilers", () => describeCompilers(field));
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
