/**
 * @module
 * Connections to hosts that secrets are sent to. TLS ends here, on both sides: what the program asks
 * of the host passes as requests, in which values take the place of their placeholders. There is one
 * connection outside for each one inside.
 */
import { Agent, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { connect, createSecureContext, TLSSocket, type SecureContext } from "node:tls";
import type { WithheldBecause } from "../../core/permission.ts";
import { secretsFor, type Secret } from "../../core/secret.ts";
import type { Connection } from "../connection.ts";
import type { Target } from "../dial.ts";
import type { OnNote } from "../note.ts";
import { resetSocket } from "../reset-socket.ts";
import { maxHeadBytes, passOn, passOnUpgrade, unlimited, type Passage } from "./pass-on.ts";
import type { RunAuthority } from "./run-authority.ts";

export interface Interception {
  /** Undefined where no secret is sent there: what goes there is none of its business. */
  of(target: Target): Intercept | undefined;
}

/**
 * Joins them for good: the end of one is the other's. Does not throw.
 *
 * @returns Cuts the connection off. The socket inside must be ended by nothing else.
 */
export type Intercept = (inside: Socket, outside: Connection) => () => void;

export interface InterceptionOptions {
  readonly secrets: readonly Secret[];
  readonly authority: RunAuthority;
  /** PEM: whom hosts are to be certified by. */
  readonly roots: string;
  readonly onNote: OnNote;
}

interface Host extends Pick<InterceptionOptions, "onNote"> {
  readonly target: Target;
  readonly secrets: readonly Secret[];
  /** Inside: we are this host. */
  readonly identity: SecureContext;
  /** Outside: whom is trusted to say who is this host. */
  readonly trust: SecureContext;
  /** Of several notes about one connection only the first tells the cause. */
  readonly withhold: (why: WithheldBecause) => void;
}

/** Of TLS: a program has to get on with it. */
const handshakeMs = 30_000;
/** Whose certificates are kept: below `*.example.com` there can be any number. */
const maxKnownHosts = 64;
/** Requests of a connection that wait for their answers. Programs of today send one after the other. */
const maxPipelined = 100;

export function createInterception(options: InterceptionOptions): Interception {
  const { secrets, authority, roots, onNote } = options;
  const hosts = new Map<string, Host>();
  let trust: SecureContext | undefined;
  const hostOf = (target: Target, sent: readonly Secret[]): Host => {
    const { host, port } = target;
    const key = `${host}:${port}`;
    const known = hosts.get(key);
    if (known !== undefined) return known;
    const made: Host = {
      ...{ target, secrets: sent, onNote },
      identity: createSecureContext({ ...authority.certify(host), minVersion: "TLSv1.2" }),
      trust: (trust ??= createSecureContext({ ca: roots, minVersion: "TLSv1.2" })),
      withhold: (why) => onNote({ kind: "secret-withheld", host, port, why }),
    };
    const [oldest] = hosts.keys();
    if (hosts.size >= maxKnownHosts && oldest !== undefined) hosts.delete(oldest);
    hosts.set(key, made);
    return made;
  };
  return {
    of: (target) => {
      const sent = target.protocol === "tcp" ? secretsFor(target, secrets) : [];
      if (sent.length === 0) return undefined;
      return (inside, outside) => intercept(hostOf(target, sent), inside, outside.socket);
    },
  };
}

function intercept(host: Host, inside: Socket, outside: Socket): () => void {
  // Whatever happens to one of the two sockets, the other one does not stay.
  inside.once("close", () => outside.destroy());
  if (inside.destroyed || outside.destroyed) {
    resetSocket(inside);
    return () => undefined;
  }
  const client = new TLSSocket(inside, {
    isServer: true,
    secureContext: host.identity,
    ALPNProtocols: ["http/1.1"],
    SNICallback: (serverName, done) => {
      const isMeant = serverName.toLowerCase().replace(/\.$/, "") === host.target.host;
      if (!isMeant) host.withhold("other-host");
      done(isMeant ? null : new Error("another host"), host.identity);
    },
  });
  const cut = (): void => {
    // Its end is being sent past the socket below, which can't be reset meanwhile: see resetSocket.
    if (client.writableEnded) client.destroy();
    else resetSocket(inside);
  };
  const isLate = setTimeout(cut, handshakeMs);
  client.once("close", () => clearTimeout(isLate));
  client.on("error", (error: Error) => {
    const why = whyNoTls(error);
    if (why !== undefined) host.withhold(why);
    cut();
  });
  client.once("secure", () => {
    clearTimeout(isLate);
    client.disableRenegotiation();
    serve(host, { client, outside, cut });
  });
  return cut;
}

/** Undefined where it only ended. */
function whyNoTls(error: Error): WithheldBecause | undefined {
  const code = "code" in error ? String(error.code) : "";
  if (/ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN)/.test(code)) return "distrusted";
  return /HTTP_REQUEST|WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL|UNEXPECTED_MESSAGE|NO_SHARED/.test(
    code,
  )
    ? "not-tls"
    : undefined;
}

interface Joined {
  /** TLS over the socket inside. */
  readonly client: TLSSocket;
  readonly outside: Socket;
  readonly cut: () => void;
}

function serve(host: Host, { client, outside, cut }: Joined): void {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const upstream = reach(host, outside, agent);
  // Whoever waits for it is told; often nobody does.
  upstream.catch(() => undefined);
  const { target, secrets, onNote } = host;
  const passage: Passage = {
    ...{ host: target.host, port: target.port, secrets, upstream, agent },
    onSent: (name) => onNote({ kind: "secret-sent", name, host: target.host, port: target.port }),
    onOtherHost: () => host.withhold("other-host"),
    cut,
  };
  let underWay = 0;
  let isOver = false;
  const endWhenIdle = (): void => {
    if (isOver && underWay === 0) client.end();
  };
  outside.once("close", () => {
    isOver = true;
    endWhenIdle();
  });
  client.once("close", () => {
    agent.destroy();
    outside.destroy();
  });
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    if (underWay >= maxPipelined) {
      cut();
      return;
    }
    underWay += 1;
    response.once("close", () => {
      underWay -= 1;
      endWhenIdle();
    });
    void passOn(passage, request, response);
  };
  const server = createServer(
    { maxHeaderSize: maxHeadBytes, requestTimeout: 0, keepAliveTimeout: 0, noDelay: true },
    onRequest,
  );
  server.maxHeadersCount = unlimited;
  server.on("checkContinue", onRequest);
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    underWay += 1;
    socket.once("close", () => (underWay -= 1));
    void passOnUpgrade(passage, request, socket, head);
  });
  server.emit("connection", client);
}

/** @returns The connection that requests go through, once it is known who is at its other end. */
function reach(host: Host, outside: Socket, agent: Agent): Promise<TLSSocket> {
  const { target, trust, withhold } = host;
  return new Promise((resolve, reject) => {
    const upstream = connect({
      socket: outside,
      servername: target.host,
      secureContext: trust,
      ALPNProtocols: ["http/1.1"],
      // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
      rejectUnauthorized: true,
    });
    // Given out once: a further connection would be one that nobody was asked about.
    let isTaken = false;
    agent.createConnection = (_, done) => {
      const isGone = isTaken || upstream.destroyed;
      isTaken = true;
      if (!isGone) return upstream;
      // Told, not thrown: for a request that waited for its turn nobody would catch it.
      done?.(new Error("the host has closed the connection"), upstream);
      return undefined;
    };
    upstream.once("secureConnect", () => resolve(upstream));
    upstream.on("error", (error: Error) => {
      // Known only of those that are about who it is.
      if (isAboutCertificate(error)) withhold("certificate");
      reject(error);
    });
    // Nobody reads it while no request is under way.
    upstream.once("end", () => upstream.end());
    upstream.once("close", () => {
      outside.destroy();
      reject(new Error("the host has closed the connection"));
    });
  });
}

/** Of OpenSSL's and Node's codes: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
function isAboutCertificate(error: Error): boolean {
  const code = "code" in error ? String(error.code) : "";
  return /CERT|ISSUER|SIGNATURE|CRL|CA$|ALTNAME/.test(code);
}
