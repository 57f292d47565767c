/**
 * @module
 * Sandboxes of a Glovebox server. Nothing of this machine is in them but what is sent there: files of
 * the program, its arguments, its environment and its stdin.
 */
import { z } from "zod";
import { controls, missing } from "../../core/enforcement.ts";
import type { Enforcement } from "../../core/enforcement.ts";
import { GloveboxError, isGloveboxError } from "../../core/errors.ts";
import type { ProbeReport, Provider, ProviderSandbox } from "../../core/provider.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import { protocolVersion, sandboxPath } from "../../sandbox-protocol/bounds.ts";
import {
  sandboxOfferSchema,
  wiredEnforcementSchema,
  type SandboxOffer,
} from "../../sandbox-protocol/server-messages.ts";
import { enforcementFromWire } from "../../sandbox-protocol/values.ts";
import type { Heartbeat } from "../../util/web-socket.ts";
import { ask } from "./ask.ts";
import { openSocket } from "./connect.ts";
import { Connection } from "./connection.ts";
import { parseEndpoint, type Endpoint, type EndpointOptions } from "./endpoint.ts";
import { providerName, unavailable } from "./failures.ts";
import { RemoteSandbox } from "./sandbox.ts";

export interface RemoteProviderOptions extends EndpointOptions {
  readonly heartbeat?: Heartbeat;
}

/** Of GET /v1/info, which later versions say more in. */
const infoSchema = z.object({
  provider: z.object({ name: z.string(), available: z.boolean(), reason: z.string() }),
  providers: z.array(
    z.object({
      name: z.string(),
      facts: z.array(z.object({ name: z.string(), text: z.string() })),
    }),
  ),
  enforcement: wiredEnforcementSchema,
});

/**
 * Asks the server what it is.
 *
 * @throws {GloveboxError} `INVALID_REQUEST` for an address that is none, `PROVIDER_UNAVAILABLE` where
 * nobody answers there, or somebody else.
 */
export async function createRemoteProvider(options: RemoteProviderOptions): Promise<Provider> {
  const endpoint = parseEndpoint(options);
  const offer = await ask(endpoint, sandboxPath, sandboxOfferSchema);
  if (offer.protocol !== protocolVersion) throw otherProtocol(endpoint, offer);
  return {
    name: providerName,
    programs: offer.provider.programs === "image" ? "image" : "remote",
    probe: () => probe(endpoint, offer),
    create: async (spec, signal) => {
      signal.throwIfAborted();
      refuseOwnFolders(spec);
      return createSandbox(endpoint, spec, signal, options.heartbeat);
    },
    // What a killed client leaves is the server's to remove, and nothing is kept ready here.
    sweep: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

async function createSandbox(
  endpoint: Endpoint,
  spec: SandboxSpec,
  signal: AbortSignal,
  heartbeat: Heartbeat | undefined,
): Promise<ProviderSandbox> {
  let connection: Connection | undefined;
  const onAbort = (): void => connection?.peer.terminate();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await openSocket(endpoint, signal, (socket) => {
      connection = new Connection(socket, endpoint.shown, heartbeat);
    });
    if (connection === undefined) throw new Error("no connection");
    return new RemoteSandbox(connection, await connection.create(spec));
  } catch (error) {
    connection?.peer.terminate();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Before anything is sent: not even the name of a folder is the server's to know. */
function refuseOwnFolders({ policy, hostPrograms }: SandboxSpec): void {
  if (policy.workspace.kind === "scratch" && hostPrograms.length === 0) return;
  const [field, what] =
    policy.workspace.kind === "scratch"
      ? ["hostPrograms", "programs of this machine"]
      : ["workspace", "a folder of this machine"];
  throw new GloveboxError(
    "NOT_ALLOWED",
    `${field}: ${what} can't be shown to a sandbox on a server. Send the files themselves.`,
    { field },
  );
}

async function probe(endpoint: Endpoint, { version }: SandboxOffer): Promise<ProbeReport> {
  try {
    const { provider, providers, enforcement } = await ask(endpoint, "/v1/info", infoSchema);
    const facts = providers.find(({ name }) => name === provider.name)?.facts ?? [];
    return {
      provider: providerName,
      available: provider.available,
      reason: provider.reason,
      remedy: provider.available
        ? ""
        : `run \`glovebox doctor\` on ${endpoint.urlOf("/").hostname}`,
      enforcement: enforcementFromWire(enforcement),
      facts: [
        ["server", `${endpoint.shown}, Glovebox ${version}`],
        ["provider there", provider.name],
        ...facts.map(({ name, text }) => [name, text] as const),
      ],
    };
  } catch (error) {
    if (!isGloveboxError(error)) throw error;
    const rows = controls.map((control) => [control, missing("the server was not asked")]);
    return {
      provider: providerName,
      available: false,
      reason: error.message.replace(`${providerName}: `, ""),
      remedy: "hint" in error.details ? error.details.hint : "",
      enforcement: Object.fromEntries(rows) as Enforcement,
      facts: [["server", endpoint.shown]],
    };
  }
}

function otherProtocol({ shown }: Endpoint, { version, protocol }: SandboxOffer): GloveboxError {
  const what = `${shown} speaks version ${protocol} of the protocol, and we speak ${protocolVersion}`;
  const isOlder = protocol < protocolVersion;
  const hint = isOlder ? `Update the server, which is ${version}` : `Update Glovebox to ${version}`;
  return unavailable(what, hint);
}
