/**
 * @module
 * What attacks on whoever reads files have in common.
 */
import { expect } from "vitest";
import type { CollectedFiles, CollectRequest } from "../../src/core/collected.ts";
import { parseFilePath } from "../../src/core/file-path.ts";
import type { ProviderSandbox } from "../../src/core/provider.ts";
import type { Field } from "./run-attack.ts";

export const MIB = 1024 * 1024;

/** Reads files with bounds that attacks reach. */
export const collect = (
  sandbox: ProviderSandbox,
  parts: Partial<CollectRequest> = {},
): Promise<CollectedFiles> =>
  sandbox.collect(
    { paths: ["."], maxFiles: 500, maxBytes: 4 * MIB, ...parts },
    new AbortController().signal,
  );

/** argv */
export const python = (script: string): readonly string[] => ["/usr/bin/python3", "-c", script];

export const namesOf = ({ files }: CollectedFiles): readonly string[] =>
  files.map(({ path }) => path);

/** Nothing of the host, and only names that can be shown and written. */
export function judge({ files, skipped }: CollectedFiles, { bait }: Field): void {
  for (const { path, content } of files) {
    expect(parseFilePath(path)).toEqual({ ok: true, path });
    const text = Buffer.from(content).toString("latin1");
    expect(text).not.toContain(bait.secret);
    expect(text).not.toMatch(/^root:/m);
  }
  for (const { path } of skipped) expect(path).not.toMatch(/\p{Cc}/u);
  expect(bait.damage()).toEqual([]);
}
