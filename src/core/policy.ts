/**
 * @module
 * What a program may touch.
 */

/**
 * `none`: a network of its own with nothing in it but loopback.
 * `ask`: the same, and what `SandboxSpec.gate` allows is relayed, endpoint by endpoint.
 * `all`: the host's network, this machine's own loopback services included.
 */
export type NetworkPolicy =
  { readonly mode: "none" } | { readonly mode: "ask" } | { readonly mode: "all" };

/** A folder of the host that appears as `/workspace`. */
export interface WorkspaceMount {
  /** Absolute path on the host, without symbolic links. */
  readonly hostPath: string;
  /** `copy`: writable, but what is written is kept apart and goes with the sandbox. */
  readonly access: "ro" | "rw" | "copy";
}

/** Something of the host that is there for a program, but is asked about before it is read. */
export interface AskablePath {
  /** Absolute, without symbolic links. */
  readonly hostPath: string;
  readonly kind: "folder" | "file" | "socket";
  /** Where it appears, absolute; at least one. */
  readonly insidePaths: readonly string[];
}

/** A path of the host that is shown without a question. */
export interface ShownPath {
  /** Absolute, without symbolic links. */
  readonly hostPath: string;
  readonly access: "ro" | "rw";
  /** Where it appears, absolute; at least one. */
  readonly insidePaths: readonly string[];
}

export interface Policy {
  readonly network: NetworkPolicy;
  /** Asked about through `SandboxSpec.gate`. Absent: nothing is. */
  readonly askable?: readonly AskablePath[];
  /**
   * Host paths that do not exist for it in what it is asked about, nor what lies below them; read-only in
   * a folder that it may write to.
   */
  readonly hidden?: readonly string[];
  /** Absent: nothing but the workspace. */
  readonly shown?: readonly ShownPath[];
  /** `scratch`: an empty tmpfs that dies with the sandbox. */
  readonly workspace: { readonly kind: "scratch" } | ({ readonly kind: "mount" } & WorkspaceMount);
}
