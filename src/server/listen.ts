/**
 * @module
 * Opens the server's port, where that is safe.
 */
import type { FastifyInstance } from "fastify";
import { fieldWithFlag } from "../config/flags.ts";
import type { ServerConfig } from "../config/server-config.ts";
import { GloveboxError } from "../core/errors.ts";
import { isLoopback } from "./host-check.ts";

/**
 * Listens where the configuration says.
 *
 * @returns The address, `http://127.0.0.1:8000`, with the port that the system chose if it was 0.
 * @throws {GloveboxError} `INVALID_CONFIG` for an address that others can reach, unless the
 * operator wrote `insecureNoAuth`, and for a port or address that cannot be had.
 */
export async function listen(app: FastifyInstance, { server }: ServerConfig): Promise<string> {
  const { host, port, insecureNoAuth } = server;
  if (!isLoopback(host) && !insecureNoAuth) {
    throw invalidAddress(
      "server.host",
      `${host} can be reached from other machines, and this server asks nobody who they are: anybody there could run programs here. Use 127.0.0.1, or put a proxy with authentication in front of that; if your network is trusted as a whole, start with --insecure-no-auth (GLOVEBOX_INSECURE_NO_AUTH=true)`,
    );
  }
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const reason = listenFaults[(error as NodeJS.ErrnoException).code ?? ""];
    if (reason === undefined) throw error;
    throw invalidAddress(...reason(host, port), { cause: error });
  }
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
