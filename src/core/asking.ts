/**
 * @module
 * For providers that can't hold a program while somebody is asked, and keep nothing that it writes apart.
 */
import { GloveboxError } from "./errors.ts";
import type { NetworkPolicy, Policy } from "./policy.ts";
import type { SandboxSpec } from "./sandbox.ts";

/** A policy without questions, and with no copy of a folder. */
export type SilentPolicy = Policy & {
  readonly network: Exclude<NetworkPolicy, { readonly mode: "ask" }>;
  readonly workspace: SilentWorkspace;
};

type SilentWorkspace =
  | { readonly kind: "scratch" }
  | { readonly kind: "mount"; readonly hostPath: string; readonly access: "ro" | "rw" };

/** @throws {GloveboxError} `POLICY_UNENFORCEABLE` where its policy asks, shows paths of the host, or copies. */
export function silentPolicyOf(
  { policy, secrets = [] }: Pick<SandboxSpec, "policy" | "secrets">,
  provider: string,
) {
  const { network, askable = [], shown = [] } = policy;
  const workspace = uncopied(policy.workspace, provider);
  const isShown = askable.length > 0 || shown.length > 0;
  if (network.mode !== "ask" && !isShown && secrets.length === 0)
    return { ...policy, network, workspace } satisfies SilentPolicy;
  throw new GloveboxError(
    "POLICY_UNENFORCEABLE",
    `${provider}: this provider can't hold a program while somebody is asked, and shows no further paths of this machine. Use \`linux\`, or network \`none\` or \`all\` and nothing to ask about.`,
    { provider, controls: [network.mode === "ask" ? "network" : "files"] },
  );
}

function uncopied(workspace: Policy["workspace"], provider: string): SilentWorkspace {
  if (workspace.kind === "scratch") return workspace;
  const { access, ...mount } = workspace;
  if (access !== "copy") return { ...mount, access };
  throw new GloveboxError(
    "POLICY_UNENFORCEABLE",
    `${provider}: this provider can't work on a copy of a folder. Use \`linux\`, or \`:ro\` or \`:rw\` instead of \`:copy\`.`,
    { provider, controls: ["files"] },
  );
}
