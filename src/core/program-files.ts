/**
 * @module
 * Files of a program whose workspace is somebody's folder, for providers that have no other place for them.
 */
import { GloveboxError } from "./errors.ts";
import type { SandboxSpec } from "./sandbox.ts";

/** @throws {GloveboxError} `POLICY_UNENFORCEABLE`: nothing is ever put into that folder. */
export function refuseFilesBesideMount({ files, policy }: SandboxSpec, provider: string): void {
  if (policy.workspace.kind === "scratch" || files.length === 0) return;
  throw new GloveboxError(
    "POLICY_UNENFORCEABLE",
    `${provider}: a program can't have files of its own beside a folder of yours. Use --provider linux, or leave the folder out.`,
    { provider, controls: ["files"] },
  );
}
