/**
 * @module
 * What the tests of collecting have in common.
 */
import { expect } from "vitest";
import type { CollectedFiles, CollectRequest, SkippedPath } from "../../src/core/collected.ts";
import type { ProviderSandbox } from "../../src/core/provider.ts";
import { execIn, withSandbox } from "./harness.ts";
import type { SpecParts, Suite } from "./harness.ts";

const MIB = 1024 * 1024;
const never = new AbortController().signal;
export const all: CollectRequest = { paths: ["."], maxFiles: 1000, maxBytes: 16 * MIB };

export const collect = (
  sandbox: ProviderSandbox,
  parts: Partial<CollectRequest> = {},
): Promise<CollectedFiles> => sandbox.collect({ ...all, ...parts }, never);

/** What a command leaves, as it is collected. */
export async function collectAfter(
  suite: Suite,
  argv: readonly string[],
  request: Partial<CollectRequest> = {},
  spec: SpecParts = {},
): Promise<CollectedFiles> {
  return withSandbox(suite, spec, async (sandbox) => {
    const { outcome, stderr } = await execIn(suite, sandbox, argv);
    expect([outcome, stderr.toString()]).toEqual([{ kind: "exited", exitCode: 0 }, ""]);
    return collect(sandbox, request);
  });
}

export const textsOf = ({ files }: CollectedFiles): Record<string, string> =>
  Object.fromEntries(files.map(({ path, content }) => [path, Buffer.from(content).toString()]));

export const sorted = (skipped: readonly SkippedPath[]): readonly string[] =>
  skipped.map(({ path, reason }) => `${path} ${reason}`).sort();
