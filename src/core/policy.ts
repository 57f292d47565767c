/**
 * @module
 * What a program may touch.
 */

/**
 * `none`: a network of its own with nothing in it but loopback.
 * `all`: the host's network, this machine's own loopback services included.
 */
export type NetworkPolicy = { readonly mode: "none" } | { readonly mode: "all" };

/** A folder of the host that appears as `/workspace`. */
export interface WorkspaceMount {
  /** Absolute path on the host, without symbolic links. */
  readonly hostPath: string;
  readonly access: "ro" | "rw";
}

export interface Policy {
  readonly network: NetworkPolicy;
  /** `scratch`: an empty tmpfs that dies with the sandbox. */
  readonly workspace: { readonly kind: "scratch" } | ({ readonly kind: "mount" } & WorkspaceMount);
}
