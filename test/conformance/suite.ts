/**
 * @module
 * What every provider owes, run against real programs. A provider's gaps are named with their reasons.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EnforcementMode } from "../../src/core/enforcement.ts";
import type { Provider } from "../../src/core/provider.ts";
import { createLeftoverCheck } from "../helpers/leftovers.ts";
import type { LeftoverCheck } from "../helpers/leftovers.ts";
import { describeCollect } from "./collect.ts";
import { describeControl } from "./control.ts";
import { describeEnds } from "./ends.ts";
import type { FolderOwner, Suite } from "./harness.ts";
import { describeLimits } from "./limits.ts";
import { describePolicy } from "./policy.ts";
import { describeStreams } from "./streams.ts";
import { describeTerminals } from "./terminals.ts";
import { describeSurroundings } from "./surroundings.ts";

export interface ConformanceOptions {
  readonly name: string;
  /** Reasons, by the name of the test that the provider does not pass. */
  readonly exceptions: Readonly<Record<string, string>>;
  /** Why this host can't run the provider at all; see `skipUnless`. */
  readonly skipReason?: string | undefined;
  /** Of all sandboxes that the tests create. Default `strict`. */
  readonly enforcement?: EnforcementMode;
  /** User and group of the folders that are mounted. Default: this process's. */
  readonly folderOwner?: FolderOwner;
}

const TEST_MAX_MS = 30_000;

export function describeProvider(
  makeProvider: () => Provider | Promise<Provider>,
  { name, exceptions, skipReason, enforcement = "strict", folderOwner }: ConformanceOptions,
): void {
  const title = `provider ${name}`;
  describe.skipIf(skipReason !== undefined)(withReason(title, skipReason), () => {
    let provider: Provider;
    let leftovers: LeftoverCheck;
    const names = new Set<string>();
    beforeAll(async () => {
      leftovers = await createLeftoverCheck();
      provider = await makeProvider();
    });
    afterAll(async () => {
      expect(await leftovers.find()).toEqual([]);
    });
    const suite: Suite = {
      provider: () => provider,
      enforcement,
      folderOwner: folderOwner ?? ownIds(),
      leftovers: () => leftovers,
      must: (testName, body) => {
        names.add(testName);
        const reason = exceptions[testName];
        test.skipIf(reason !== undefined)(withReason(testName, reason), body, TEST_MAX_MS);
      },
    };
    describeEnds(suite);
    describeLimits(suite);
    describeStreams(suite);
    describeTerminals(suite);
    describeSurroundings(suite);
    describeControl(suite);
    describePolicy(suite);
    describeCollect(suite);

    test("every exception names a test", () => {
      expect(Object.keys(exceptions).filter((exception) => !names.has(exception))).toEqual([]);
    });
  });
}

function ownIds(): FolderOwner {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

function withReason(name: string, reason: string | undefined): string {
  return reason === undefined ? name : `${name} (${reason})`;
}
