/**
 * @module
 * A sandbox whose program is held while somebody is asked.
 */
import { randomUUID } from "node:crypto";
import { serveAskFs, type AskFsServer } from "../../../ask-fs/server.ts";
import type { FreeAccess } from "../../../ask-fs/consent.ts";
import type { PermissionGate } from "../../../core/permission.ts";
import { isProtected } from "../../../core/protected-paths.ts";
import type { Policy } from "../../../core/policy.ts";
import type { ProviderSandbox } from "../../../core/provider.ts";
import type { SandboxSpec } from "../../../core/sandbox.ts";
import { createEgress, type Egress, type SecretsOptions } from "../../../egress/egress.ts";
import { encodeRecords, type Records } from "../../../launcher/message.ts";
import { sandboxOf } from "../../../launcher/sandbox.ts";
import { enforcementOf } from "../enforcement.ts";
import { buildSandbox, refuseMissing, type LinuxHost } from "../start-sandbox.ts";
import { askedRoots } from "./asked-paths.ts";
import { startAskingLauncher, type AskingLauncher } from "./asking-launcher.ts";
import { cannotAsk } from "./cannot-ask.ts";
import { createClock } from "./clock.ts";
import { secretsInside } from "./secrets-inside.ts";
import { sandboxNetworkOf } from "./sandbox-network.ts";
import { answerCalls } from "./answer-calls.ts";

interface Border {
  readonly gate: PermissionGate;
  readonly secrets: SecretsOptions | undefined;
}

/** What answers a sandbox's questions while it lives. */
interface Answerers {
  readonly egress: Egress | undefined;
  readonly askFs: AskFsServer | undefined;
  close(): Promise<void>;
}

/**
 * @param fileSystem The launcher's records for all that the sandbox sees.
 * @throws {GloveboxError} See `Provider.create`.
 */
export async function startAskingSandbox(
  host: LinuxHost & { readonly launcherPath: string },
  spec: SandboxSpec,
  fileSystem: Records,
  signal: AbortSignal,
): Promise<ProviderSandbox> {
  signal.throwIfAborted();
  const { gate } = spec;
  if (gate === undefined) throw new Error("a policy that asks needs a gate");
  refuseMissing(spec, enforcementOf(spec, host.place, "landlock"));
  const secrets = secretsInside(spec, process.env);
  const asking = startAskingLauncher(host.launcherPath);
  const clock = createClock((state) => {
    asking.tell("clock", state);
  });
  const border = { gate: clock.holdFor(gate), secrets: secrets?.egress };
  const answerers = startAnswerers(asking, spec, border);
  try {
    const plan = {
      spec,
      fileSystem: encodeRecords([...fileSystem, ...(secrets?.fileSystem ?? [])]),
    };
    const built = await buildSandbox(host, asking.launcher, plan, signal);
    await answerers.egress?.start();
    return sandboxOf({
      id: randomUUID(),
      provider: "linux",
      launcher: asking.launcher,
      opensHostPipes: true,
      heldMs: clock.heldMs,
      enforcement: enforcementOf(spec, host.place, built.abstractSockets),
      cleanUp: async () => {
        clock.stop();
        await answerers.close();
        await built.cleanUp();
      },
    });
  } catch (error) {
    clock.stop();
    await asking.launcher.end();
    await answerers.close();
    throw cannotAsk(error);
  }
}

function startAnswerers(
  asking: AskingLauncher,
  { policy }: SandboxSpec,
  border: Border,
): Answerers {
  const { gate } = border;
  const roots = askedRoots(policy);
  const egress = policy.network.mode === "ask" ? egressOf(asking, border) : undefined;
  const askFs =
    roots.length === 0
      ? undefined
      : serveAskFs({
          stream: asking.askFs,
          roots,
          gate,
          owner: { uid: INSIDE_ID, gid: INSIDE_ID },
          hidden: policy.hidden ?? [],
          openTo: (path) => accessOfWorkspace(path, policy),
          describeProcess: async (pid) => {
            const { event } = await asking.request("who", [String(pid)]);
            return event.event === "who" ? event.process : undefined;
          },
        });
  // Without it nothing of the files can be had, and no question about them be taken back.
  void askFs?.closed.then(() => asking.launcher.end());
  const calls = answerCalls(asking, { egress, gate, policy });
  return {
    egress,
    askFs,
    close: async () => {
      calls.close();
      egress?.close();
      await askFs?.close();
    },
  };
}

function egressOf(asking: AskingLauncher, { gate, secrets }: Border): Egress {
  return createEgress({
    network: sandboxNetworkOf(asking),
    gate,
    forbidden: () => gate.forbidden?.() ?? [],
    onNote: (note) => gate.note?.(note),
    onForward: (forward) => gate.note?.({ kind: "forwarded", ...forward }),
    onForwardFailed: (port, { message }) =>
      gate.note?.({ kind: "not-forwarded", port, reason: message }),
    ...(secrets === undefined ? {} : { secrets }),
  });
}

/** The sandbox's only user and group: native/launcher/launcher.h. */
const INSIDE_ID = 1000;

/** What the program has as its workspace already, it may have by its own name, too. */
function accessOfWorkspace(path: string, { workspace }: Policy): FreeAccess | undefined {
  if (workspace.kind === "scratch") return undefined;
  const { hostPath, access } = workspace;
  if (path !== hostPath && !path.startsWith(`${hostPath}/`)) return undefined;
  // A copy is not what lies at that place; what is protected in a workspace is so by all its names.
  const below = path.slice(hostPath.length + 1);
  return access === "rw" && !isProtected(below) ? "rw" : "ro";
}
