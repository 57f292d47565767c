/**
 * @module
 * A port of this machine's loopback, on both of its addresses.
 */
import { createServer, type Server, type Socket } from "node:net";

export interface HostListener {
  readonly port: number;
  close(): void;
}

/** How many ports after the wanted one are tried. */
const maxTries = 32;
/** Where an ordinary user may not have the wanted one: below 1,024. */
const firstFreeToAll = 8_000;

/**
 * Listens on the port, or where it is taken on the next one that is free. Nobody but this machine
 * reaches it.
 *
 * @throws Where none of some dozens is free, or the machine has no loopback.
 */
export async function listenOnHost(
  wantedPort: number,
  onConnection: (socket: Socket) => void,
): Promise<HostListener> {
  let failure: unknown;
  for (let port = wantedPort, tries = 0; tries < maxTries && port < 65_536; tries += 1) {
    try {
      const servers = await listenOnBoth(port, onConnection);
      return { port, close: () => servers.forEach((server) => server.close()) };
    } catch (error) {
      failure = error;
      const code = codeOf(error);
      if (code === "EACCES" && port < 1_024) port += firstFreeToAll;
      else if (code === "EADDRINUSE") port += 1;
      else break;
    }
  }
  throw failure;
}

/** Not one of another program's on one address and ours on the other: `localhost` can be either. */
async function listenOnBoth(
  port: number,
  onConnection: (socket: Socket) => void,
): Promise<readonly Server[]> {
  const first = await listen("127.0.0.1", port, onConnection);
  try {
    return [first, await listen("::1", port, onConnection)];
  } catch (error) {
    const code = codeOf(error);
    // A machine without IPv6 has no other address.
    if (code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT") return [first];
    first.close();
    throw error;
  }
}

function listen(
  address: string,
  port: number,
  onConnection: (socket: Socket) => void,
): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true }, onConnection);
    server.on("error", reject);
    server.listen({ host: address, port, ipv6Only: true }, () => resolve(server));
  });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
