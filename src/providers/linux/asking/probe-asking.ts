/**
 * @module
 * Whether programs can be held on this host while somebody is asked: tried with real sandboxes.
 */
import type { PermissionGate } from "../../../core/permission.ts";
import type { Policy } from "../../../core/policy.ts";
import type { ProviderSandbox } from "../../../core/provider.ts";
import type { SandboxSpec } from "../../../core/sandbox.ts";

type Create = (spec: SandboxSpec, signal: AbortSignal) => Promise<ProviderSandbox>;

const closedGate: PermissionGate = {
  decide: () => Promise.resolve({ isAllowed: false, scope: "run" }),
};

const tries: readonly (readonly [what: string, policy: Partial<Policy>])[] = [
  ["connections", { network: { mode: "ask" } }],
  ["files", { askable: [{ hostPath: "/", kind: "folder", insidePaths: ["/asked"] }] }],
];

/** One line for people: what can be asked about, and why not the rest. Does not throw. */
export async function probeAsking(
  create: Create,
  spec: SandboxSpec,
  signal: AbortSignal,
): Promise<string> {
  const found = await Promise.all(
    tries.map(async ([what, policy]): Promise<readonly [string, string | undefined]> => {
      try {
        const asking = { ...spec, policy: { ...spec.policy, ...policy }, gate: closedGate };
        const sandbox = await create(asking, signal);
        await sandbox.destroy();
        return [what, undefined];
      } catch (error) {
        return [what, error instanceof Error ? error.message : String(error)];
      }
    }),
  );
  const can = found.filter(([, reason]) => reason === undefined).map(([what]) => what);
  const cannot = found.flatMap(([what, reason]) =>
    reason === undefined ? [] : [`${what}: ${reason.replace(/^linux: /, "")}`],
  );
  const yes = can.length === 0 ? "nothing can be asked about" : `asked about: ${can.join(", ")}`;
  return [yes, ...cannot].join("; not ");
}
