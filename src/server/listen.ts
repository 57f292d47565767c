/**
 * @module
 * Opens the server's port, where that is safe.
 */
import type { FastifyInstance } from "fastify";
import { fieldWithFlag } from "../config/flags.ts";
import type { ServerConfig } from "../config/server-config.ts";
import { GloveboxError } from "../core/errors.ts";
import { requiresKeys } from "./authenticate.ts";
import { isLoopback } from "./host-check.ts";

/** Who can call. */
export interface Reach {
  /** As it was configured: `0.0.0.0`. */
  readonly host: string;
  /** Whether that is this machine alone. */
  readonly isLocal: boolean;
  /** Whether nobody may without a key. */
  readonly needsKey: boolean;
}

export function reachOf(config: ServerConfig): Reach {
  const { host } = config.server;
  return { host, isLocal: isLoopback(host), needsKey: requiresKeys(config) };
}

/**
 * Listens where the configuration says.
 *
 * @param hasKeys Whether there is a key with which anybody could call.
 * @returns The address, `http://127.0.0.1:8000`, with the port that the system chose if it was 0.
 * @throws {GloveboxError} `INVALID_CONFIG` where a key is needed and there is none, and for a port or
 * address that cannot be had.
 */
export async function listen(
  app: FastifyInstance,
  config: ServerConfig,
  hasKeys: boolean,
): Promise<string> {
  const { host, port } = config.server;
  if (requiresKeys(config) && !hasKeys) throw keyMissing(config);
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const reason = listenFaults[(error as NodeJS.ErrnoException).code ?? ""];
    if (reason === undefined) throw error;
    throw invalidAddress(...reason(host, port), { cause: error });
  }
}

function keyMissing(config: ServerConfig): GloveboxError<"INVALID_CONFIG"> {
  const { host } = config.server;
  const make = makeKeyCommand(config);
  if (isLoopback(host)) {
    return invalidAddress(
      "server.auth",
      `is \`required\`, and there is no key yet. Make one with \`${make}\``,
    );
  }
  return invalidAddress(
    "server.host",
    `${host} can be reached from other machines, and there is no key yet with which anybody could call. Make one with \`${make}\`, or use 127.0.0.1; if your network is trusted as a whole, start with --insecure-no-auth (GLOVEBOX_INSECURE_NO_AUTH=true)`,
  );
}

/** For a shell. Wherever this server was told its folder, the flag says the same. */
function makeKeyCommand({ storage: { folder } }: ServerConfig): string {
  const command = "glovebox keys create";
  if (folder === undefined) return command;
  const isPlain = /^[\w./+-]+$/.test(folder);
  return `${command} --storage ${isPlain ? folder : `'${folder.replaceAll("'", "'\\''")}'`}`;
}

type FaultText = (host: string, port: number) => readonly [path: string, message: string];

const listenFaults: Readonly<Record<string, FaultText>> = {
  EADDRINUSE: (_host, port) => [
    "server.port",
    `${port} is taken by another program. Stop it, or choose another port with --port or GLOVEBOX_PORT`,
  ],
  EACCES: (_host, port) => [
    "server.port",
    `${port} needs privileges that this user lacks. Choose a port of at least 1024`,
  ],
  EADDRNOTAVAIL: (host) => ["server.host", `${host} is no address of this machine`],
  ENOTFOUND: (host) => ["server.host", `${host} is not known to the resolver`],
};

function invalidAddress(
  path: string,
  message: string,
  options?: ErrorOptions,
): GloveboxError<"INVALID_CONFIG"> {
  const issues = [{ path, message }];
  return new GloveboxError(
    "INVALID_CONFIG",
    `${fieldWithFlag(path)}: ${message}.`,
    { issues },
    options,
  );
}
