/**
 * @module
 * The provider without isolation: real processes in a temporary folder, with the rights of Glovebox.
 * It is the smallest provider, and the stand-in where tests need a real one that runs anywhere.
 */
import { silentPolicyOf } from "../../core/asking.ts";
import { GloveboxError, isGloveboxError } from "../../core/errors.ts";
import { defaultLimits } from "../../core/limits.ts";
import type { ProbeReport, Provider } from "../../core/provider.ts";
import { refuseFilesBesideMount } from "../../core/program-files.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import { enforcement, providerName, refuseStrict } from "./enforcement.ts";
import { createFolders, removeOrphans } from "./folders.ts";
import { ProcessSandbox } from "./sandbox.ts";

export function createProcessProvider(): Provider {
  return {
    name: providerName,
    programs: "host",
    probe,
    create,
    sweep: removeOrphans,
    close: () => Promise.resolve(),
  };
}

async function create(spec: SandboxSpec, signal: AbortSignal): Promise<ProcessSandbox> {
  silentPolicyOf(spec, "process");
  refuseFilesBesideMount(spec, "process");
  if (spec.enforcement === "strict") refuseStrict();
  signal.throwIfAborted();
  try {
    const sandbox = new ProcessSandbox(await createFolders(spec));
    if (!signal.aborted) return sandbox;
    await sandbox.destroy();
  } catch (error) {
    throw asFailure(error);
  }
  throw signal.reason;
}

function asFailure(error: unknown): GloveboxError {
  if (isGloveboxError(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new GloveboxError(
    "SANDBOX_FAILED",
    `${providerName}: cannot make the sandbox's folder: ${reason}. Is the temporary folder full?`,
    { provider: providerName, step: "make the folder" },
    { cause: error },
  );
}

const probeSpec: SandboxSpec = {
  policy: { network: { mode: "none" }, workspace: { kind: "scratch" } },
  limits: defaultLimits,
  files: [],
  hostPrograms: [],
  enforcement: "best-effort",
};

async function probe(): Promise<ProbeReport> {
  const report = { provider: providerName, enforcement, facts: [] };
  try {
    const sandbox = await create(probeSpec, AbortSignal.timeout(5_000));
    await sandbox.destroy();
    return { ...report, available: true, reason: "", remedy: "" };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const remedy = "make the temporary folder (TMPDIR) writable";
    return { ...report, available: false, reason, remedy };
  }
}
