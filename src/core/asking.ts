/**
 * @module
 * For providers that can't hold a program while somebody is asked.
 */
import { GloveboxError } from "./errors.ts";
import type { NetworkPolicy, Policy } from "./policy.ts";
import type { SandboxSpec } from "./sandbox.ts";

/** A policy without questions. */
export type SilentPolicy = Policy & {
  readonly network: Exclude<NetworkPolicy, { readonly mode: "ask" }>;
};

/** @throws {GloveboxError} `POLICY_UNENFORCEABLE` where its policy asks, or shows paths of the host. */
export function silentPolicyOf({ policy }: Pick<SandboxSpec, "policy">, provider: string) {
  const { network, askable = [], shown = [] } = policy;
  const isShown = askable.length > 0 || shown.length > 0;
  if (network.mode !== "ask" && !isShown) return { ...policy, network } satisfies SilentPolicy;
  throw new GloveboxError(
    "POLICY_UNENFORCEABLE",
    `${provider}: this provider can't hold a program while somebody is asked, and shows no further paths of this machine. Use \`linux\`, or network \`none\` or \`all\` and nothing to ask about.`,
    { provider, controls: [network.mode === "ask" ? "network" : "files"] },
  );
}
