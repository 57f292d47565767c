/**
 * @module
 * The linux provider, whose every sandbox asks: a program that had nothing of the network is held
 * whenever it wants some.
 */
import type { PermissionGate } from "../../src/core/permission.ts";
import type { Provider } from "../../src/core/provider.ts";

/** Says no to everything. */
export const closedGate: PermissionGate = {
  decide: () => Promise.resolve({ isAllowed: false, scope: "run" }),
};

/** Where nothing was asked for and there was no network, the network is asked about. */
export function createAskingProvider(provider: Provider, gate = closedGate): Provider {
  return {
    ...provider,
    create: async (spec, signal, ahead) => {
      const isNone = spec.policy.network.mode === "none";
      const policy = isNone ? { ...spec.policy, network: { mode: "ask" } as const } : spec.policy;
      return provider.create({ ...spec, policy, gate }, signal, ahead);
    },
  };
}
