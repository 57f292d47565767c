/**
 * @module
 * The two ways in which a call to the daemon fails: it said no, or it could not be talked to.
 */
import { GloveboxError } from "../../../core/errors.ts";
import type { Endpoint } from "./endpoint.ts";

/** The daemon answered that it can't do what was asked for. `message` has its own words. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  /**
   * HTTP status: 404 for no such container or image, 409 for a conflict with its state, and so on.
   * 200 where the daemon reported the failure in the middle of a stream that it had begun.
   */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The words of the daemon that a message repeats, at most. */
const MAX_MESSAGE_CHARACTERS = 4096;

/** What the daemon wrote with a status of failure: JSON with `message`, or plain text of a proxy. */
export function refusal(status: number, body: Buffer): EngineError {
  const text = body.toString().trim().slice(0, MAX_MESSAGE_CHARACTERS);
  return new EngineError(status, messageOf(body) ?? (text || `HTTP status ${status}`));
}

function messageOf(body: Buffer): string | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    const message = (value as { message?: unknown } | null)?.message;
    return typeof message === "string" ? message.slice(0, MAX_MESSAGE_CHARACTERS) : undefined;
  } catch {
    return undefined;
  }
}

const START =
  "Start Docker, `systemctl start docker` for example, or set DOCKER_HOST to its address";
const NO_HTTP =
  "Check that a Docker daemon listens there, and whether it wants TLS (DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH)";

const hints: Readonly<Record<string, string>> = {
  ENOENT: START,
  ECONNREFUSED: START,
  EACCES:
    "Add yourself to the group docker (`sudo usermod -aG docker $USER`, then log in again; its members are root in all but name), or use rootless Docker",
  ENOTFOUND: "Check the host's name",
  EAI_AGAIN: "Check the host's name, and the name server",
  EHOSTUNREACH: "Check the address and the network",
  ENETUNREACH: "Check the address and the network",
  ETIMEDOUT: "Check the address, and whether the daemon is busy or hangs",
  ECONNRESET: `Try again. ${NO_HTTP}`,
};
const TLS_HINT =
  "Check the certificates in DOCKER_CERT_PATH or in docker's context against those of the daemon";

/** A `PROVIDER_UNAVAILABLE` for a failure below the daemon's own answers. */
export function unavailable(
  endpoint: Endpoint,
  cause: unknown,
): GloveboxError<"PROVIDER_UNAVAILABLE"> {
  const { code = "", message } = cause as NodeJS.ErrnoException;
  const isTls = /TLS|SSL|CERT|SIGNATURE|ALTNAME/.test(code);
  const hint = hints[code] ?? (isTls ? TLS_HINT : NO_HTTP);
  return new GloveboxError(
    "PROVIDER_UNAVAILABLE",
    `docker: cannot talk to the daemon at ${endpoint.description}: ${message}. ${hint}.`,
    { provider: "docker", hint },
    { cause },
  );
}

/** A failure of our own making, that `unavailable` then explains. */
export function failure(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code });
}
