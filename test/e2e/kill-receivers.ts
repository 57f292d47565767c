/**
 * @module
 * What programs and callbacks of killed servers call.
 */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";

/** Programs connect and say which they are: the one way to count how often something ran. */
export interface Programs extends Disposable {
  readonly port: number;
  /** How often each token was said. */
  readonly runs: ReadonlyMap<string, number>;
  /** The connection of the next program that comes. */
  next(): Promise<Socket>;
}

/** @param onMoment Called when one has said its token. */
export async function listenForPrograms(onMoment: () => void): Promise<Programs> {
  const runs = new Map<string, number>();
  const server = createServer((socket) => {
    // A killed program's reset is an end as well.
    socket.on("error", () => undefined);
    createInterface({ input: socket }).on("line", (token) => {
      runs.set(token, (runs.get(token) ?? 0) + 1);
      onMoment();
    });
  });
  const port = await listen(server);
  return {
    port,
    runs,
    next: async () => {
      const [socket] = (await once(server, "connection")) as [Socket];
      return socket;
    },
    [Symbol.dispose]: () => void server.close(),
  };
}

export interface Callbacks extends Disposable {
  readonly url: string;
  /** Of executions that were told of. */
  readonly ids: ReadonlySet<string>;
}

/** @param onMoment Called when one has come, before it is answered. */
export async function listenForCallbacks(onMoment: () => void): Promise<Callbacks> {
  const ids = new Set<string>();
  const server = createHttpServer((incoming, answer) => {
    let body = "";
    incoming.on("data", (chunk: Buffer) => (body += chunk.toString()));
    incoming.on("end", () => {
      ids.add((JSON.parse(body) as { readonly id: string }).id);
      onMoment();
      answer.writeHead(204).end();
    });
  });
  const url = `http://127.0.0.1:${await listen(server)}/`;
  return {
    url,
    ids,
    [Symbol.dispose]: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Counts what happens, so that a test can act in the middle of it on machines of any speed. */
export class Moments {
  #left = 0;
  #resolve: (() => void) | undefined;

  readonly add = (): void => {
    this.#left -= 1;
    if (this.#left <= 0) this.#resolve?.();
  };

  /** Resolves when so many more have come, or after the time. */
  async next(count: number, timeoutMs: number): Promise<void> {
    this.#left = count;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#resolve = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#resolve = undefined;
  }
}
