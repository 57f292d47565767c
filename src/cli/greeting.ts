/**
 * @module
 * What `glovebox serve` says once it listens: where, and a request that works there.
 */
import { networkInterfaces } from "node:os";
import type { RunningServer } from "../app-server.ts";

export type Listening = Pick<RunningServer, "url" | "host" | "isLocal" | "needsKey" | "wireUrls">;

/** @param interfaces Of this machine. */
export function greeting(server: Listening, interfaces = networkInterfaces()): string {
  const { url, isLocal, needsKey, wireUrls } = server;
  const key = needsKey ? "-H 'authorization: Bearer KEY' " : "";
  const body = '{"language":"python","code":"print(6 * 7)"}';
  const others = [
    ...otherAddresses(server, interfaces),
    ...Object.entries(wireUrls).map(([wire, at]) => `${wire}: ${at}`),
  ].map((line) => `\n  ${line}`);
  const warning =
    needsKey && !isLocal
      ? "Over HTTP keys and programs travel in plain text: give it TLS, see docs/run-behind-nginx.md.\n\n"
      : "";
  return `Glovebox listens on ${url} (Ctrl-C stops it).${others.join("")}${others.length > 0 ? "\n" : " "}Try:

  curl -s ${url}/v1/execute ${key}-H 'content-type: application/json' -d '${body}'

${warning}`;
}

/** Where others reach a server that listens everywhere. */
function otherAddresses(
  { url, host }: Listening,
  interfaces: ReturnType<typeof networkInterfaces>,
): readonly string[] {
  if (host !== "0.0.0.0" && host !== "::") return [];
  const { port } = new URL(url);
  return (
    Object.values(interfaces)
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && (family === "IPv4" || host === "::"))
      // Those of one link need its name, too.
      .filter(({ address }) => !address.startsWith("fe80:"))
      .map(({ address, family }) => {
        const name = family === "IPv6" ? `[${address}]` : address;
        return `also: http://${name}${port === "" ? "" : `:${port}`}`;
      })
  );
}
