/**
 * @module
 * What a sandbox is made from.
 */
import type { EnforcementMode } from "./enforcement.ts";
import type { Limits } from "./limits.ts";
import type { PermissionGate } from "./permission.ts";
import type { Policy } from "./policy.ts";
import type { Secret } from "./secret.ts";

/** Where the workspace is, inside. */
export const workspacePath = "/workspace";

/** The home folder of the sandbox's only user, inside; writable and empty. */
export const homePath = "/home/sandbox";

/** Where a program's own files are where the workspace is a folder of somebody, inside, read-only. */
export const programPath = "/opt/glovebox/program";

/** A file to put into a sandbox before its first command. */
export interface SandboxFile {
  /** Relative to the folder that it is put into; `/`-separated, no empty, `.` or `..` part. See `parseFilePath`. */
  readonly path: string;
  readonly content: Uint8Array;
  /** Default false: mode 0644. */
  readonly executable?: boolean;
}

/** Where what changed in a copied workspace shows, inside, read-only. */
export const changesPath = "/.glovebox/changes";

/** One program of the host that lies outside its system folders, shown inside read-only. */
export interface HostProgram {
  /** Absolute path on the host, without symbolic links. */
  readonly hostPath: string;
  /** Absolute path inside. */
  readonly path: string;
}

export interface SandboxSpec {
  /**
   * The OCI image that its programs come from, `python:3`. Absent: the provider's default one, or the
   * host's programs where `Provider.programs` says so.
   */
  readonly image?: string;
  readonly policy: Policy;
  /** Who is asked, where the policy asks. Only a provider on this machine can have it. */
  readonly gate?: PermissionGate;
  /** Only with network `ask`. Programs trust what `trustedCertificatesPath` has. Absent: none. */
  readonly secrets?: readonly Secret[];
  readonly limits: Omit<Limits, "wallTimeMs" | "cpuTimeMs" | "outputBytes">;
  /** Put into the workspace; where that is a mount, which is never written to, into `programPath`. */
  readonly files: readonly SandboxFile[];
  readonly hostPrograms: readonly HostProgram[];
  readonly enforcement: EnforcementMode;
}
