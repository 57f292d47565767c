/**
 * @module
 * Where the daemon is: the same answer as docker's own command line would give, from the address
 * that the caller wrote, the environment, docker's contexts and the usual sockets.
 */
import { existsSync, statSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { GloveboxError } from "../../../core/errors.ts";
import { findContext } from "./context.ts";
import { readIfThere, type TlsFiles } from "./tls-files.ts";

/** How a daemon is reached. */
export interface Endpoint {
  /** For messages: `unix:///var/run/docker.sock`. */
  readonly description: string;
  /** Whether the daemon is reached through a socket or pipe of this machine. */
  readonly isLocal: boolean;
  /** Whether to speak TLS: `node:https` instead of `node:http`. */
  readonly isSecure: boolean;
  /** What `http.request` and `https.request` need to connect. */
  readonly connection: Connection;
}

/** Options of `http.request`, or of `https.request` where the endpoint is secure. */
export interface Connection extends TlsFiles {
  readonly socketPath?: string;
  /** An IPv6 address is without brackets. */
  readonly host?: string;
  readonly port?: number;
  /** False only where docker's context says `SkipTLSVerify`. */
  readonly rejectUnauthorized?: boolean;
}

export interface EndpointOptions {
  /** An address like `DOCKER_HOST`'s. It wins over everything else. */
  readonly host?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly homeFolder: string;
  /** Default: this machine's. */
  readonly platform?: NodeJS.Platform;
}

/** An address, and who wrote it. */
interface Address {
  readonly text: string;
  readonly origin: string;
  /** Absent: no TLS, unless the scheme is `https`. */
  readonly tls?: { readonly files: TlsFiles; readonly isVerified: boolean };
}

const DEFAULT_SOCKET = "/var/run/docker.sock";
const DEFAULT_PIPE = "//./pipe/docker_engine";
const PORT = 2375;
const TLS_PORT = 2376;
/** `sun_path` of unix(7) is 108 bytes with its final NUL; a longer path would be cut, not refused. */
const MAX_SOCKET_PATH_BYTES = 107;

/**
 * Finds the daemon's address; does not try it. Like docker's command line, the first of: `host`,
 * `DOCKER_HOST`, the context of `DOCKER_CONTEXT`, the current context of docker's config file, the
 * usual sockets.
 *
 * @throws {GloveboxError} `INVALID_CONFIG` for an address, a context or a certificate that can't be
 * used.
 */
export function findEndpoint(options: EndpointOptions): Endpoint {
  const { host, env, homeFolder, platform = process.platform } = options;
  const configFolder = env["DOCKER_CONFIG"] || join(homeFolder, ".docker");
  const written = host || env["DOCKER_HOST"];
  if (written) {
    const origin = host ? "the Docker host" : "DOCKER_HOST";
    return endpointOf({ text: written, origin, ...tlsOfEnvironment(env, configFolder) }, platform);
  }
  const context = findContext(env["DOCKER_CONTEXT"], configFolder);
  if (context !== undefined) {
    const { host: text, origin, hasTls, files, isVerified } = context;
    return endpointOf(
      { text, origin, ...(hasTls ? { tls: { files, isVerified } } : {}) },
      platform,
    );
  }
  if (platform === "win32") return localEndpoint(`npipe://${DEFAULT_PIPE}`, DEFAULT_PIPE);
  const socketPath = usualSockets(env, homeFolder).find(isThere) ?? DEFAULT_SOCKET;
  return localEndpoint(`unix://${socketPath}`, socketPath);
}

function usualSockets(env: NodeJS.ProcessEnv, homeFolder: string): string[] {
  const runtimeFolder = env["XDG_RUNTIME_DIR"];
  return [
    DEFAULT_SOCKET,
    ...(runtimeFolder ? [join(runtimeFolder, "docker.sock")] : []),
    join(homeFolder, ".docker/run/docker.sock"),
    ...(runtimeFolder ? [join(runtimeFolder, "podman/podman.sock")] : []),
    "/run/podman/podman.sock",
  ];
}

/** A socket that this user may not open is there, too: the right message is about permission. */
function isThere(path: string): boolean {
  return existsSync(path) && statSync(path).isSocket();
}

/**
 * TLS as the environment asks for it. The certificate is always verified: a `DOCKER_CERT_PATH`
 * without `DOCKER_TLS_VERIFY`, with which some clients verify nothing, is no reason to trust anyone.
 */
function tlsOfEnvironment(env: NodeJS.ProcessEnv, configFolder: string): Pick<Address, "tls"> {
  const folder = env["DOCKER_CERT_PATH"];
  if (!folder && !env["DOCKER_TLS_VERIFY"] && !env["DOCKER_TLS"]) return {};
  const files = readIfThere(folder || configFolder);
  if (folder && Object.keys(files).length === 0) {
    throw invalid(
      "DOCKER_CERT_PATH",
      folder,
      "it holds none of ca.pem, cert.pem and key.pem. Name the folder with the certificates, or unset it",
    );
  }
  return { tls: { files, isVerified: true } };
}

function endpointOf(address: Address, platform: NodeJS.Platform): Endpoint {
  const { text, origin } = address;
  // As docker's command line takes it: `build-host:2375` is TCP.
  const [scheme, rest] = text.includes("://") ? splitScheme(text) : ["tcp", text];
  switch (scheme) {
    case "unix":
      return unixEndpoint(address, rest);
    case "npipe":
      if (platform === "win32" && rest.length > 0) return localEndpoint(text, rest);
      throw invalid(origin, text, "named pipes are only on Windows. Use unix:// or tcp://");
    case "tcp":
    case "http":
    case "https":
      return networkEndpoint(address, scheme, rest);
    case "ssh":
      throw invalid(
        origin,
        text,
        "ssh:// is not supported. Forward the socket with `ssh -N -L /tmp/docker.sock:/var/run/docker.sock HOST` and use unix:///tmp/docker.sock",
      );
    default:
      throw invalid(origin, text, `no such scheme. ${EXAMPLES}`);
  }
}

const EXAMPLES = "Write it like unix:///var/run/docker.sock or tcp://127.0.0.1:2376";

function splitScheme(text: string): [string, string] {
  const at = text.indexOf("://");
  return [text.slice(0, at), text.slice(at + 3)];
}

function localEndpoint(description: string, socketPath: string): Endpoint {
  return { description, isLocal: true, isSecure: false, connection: { socketPath } };
}

function unixEndpoint({ text, origin }: Address, path: string): Endpoint {
  if (!path.startsWith("/")) {
    throw invalid(origin, text, "the socket's path must be absolute. Write unix:///PATH");
  }
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES || path.includes("\0")) {
    throw invalid(
      origin,
      text,
      `the path of a socket has at most ${MAX_SOCKET_PATH_BYTES} bytes. Use a shorter one, a symbolic link for example`,
    );
  }
  return localEndpoint(text, path);
}

function networkEndpoint({ text, origin, tls }: Address, scheme: string, rest: string): Endpoint {
  const url = parseAddress(rest);
  if (url === undefined) throw invalid(origin, text, `this is no host and port. ${EXAMPLES}`);
  const isSecure = scheme === "https" || (scheme === "tcp" && tls !== undefined);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? (isSecure ? TLS_PORT : PORT) : Number(url.port);
  const isVerified = tls?.isVerified ?? true;
  const shownHost = isIP(host) === 6 ? `[${host}]` : host;
  const note = isSecure ? (isVerified ? ", TLS" : ", TLS without verification") : "";
  return {
    description: `${scheme}://${shownHost}:${port}${note}`,
    isLocal: false,
    isSecure,
    connection: {
      host,
      port,
      ...(isSecure ? { ...tls?.files, rejectUnauthorized: isVerified } : {}),
    },
  };
}

/** `host:port`, and nothing else that a URL may have. Not as http: URL would drop port 80. */
function parseAddress(rest: string): { hostname: string; port: string } | undefined {
  const address = (rest.startsWith(":") ? `localhost${rest}` : rest).replace(/\/$/, "");
  if (!/^[^/?#@\s]+$/.test(address) || !URL.canParse(`tcp://${address}`)) return undefined;
  const { hostname, port } = new URL(`tcp://${address}`);
  return hostname === "" || port === "0" ? undefined : { hostname, port };
}

function invalid(origin: string, value: string, why: string): GloveboxError<"INVALID_CONFIG"> {
  const message = `\`${value}\`: ${why}.`;
  return new GloveboxError("INVALID_CONFIG", `docker: ${origin} is ${message}`, {
    issues: [{ path: origin, message }],
  });
}
