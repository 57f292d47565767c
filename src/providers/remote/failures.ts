/**
 * @module
 * Why a server can't be used, in words that help.
 */
import { GloveboxError } from "../../core/errors.ts";
import { errorAnswerSchema } from "../../sandbox-protocol/server-messages.ts";
import { errorFromWire } from "../../sandbox-protocol/values.ts";
import { showText } from "../../util/show-value.ts";
import type { Endpoint } from "./endpoint.ts";

export const providerName = "remote";

export function unavailable(
  what: string,
  hint: string,
  cause?: unknown,
): GloveboxError<"PROVIDER_UNAVAILABLE"> {
  const message = `${providerName}: ${what}. ${hint}.`;
  return new GloveboxError(
    "PROVIDER_UNAVAILABLE",
    message,
    { provider: providerName, hint },
    { cause },
  );
}

export function sandboxFailed(
  step: string,
  what: string,
  cause?: unknown,
): GloveboxError<"SANDBOX_FAILED"> {
  const message = `${providerName}: ${what}. Create another sandbox.`;
  return new GloveboxError("SANDBOX_FAILED", message, { provider: providerName, step }, { cause });
}

/** What a connection that could not be made, or broke off before an answer, means. */
export function connectionFailure({ shown }: Endpoint, cause: unknown): GloveboxError {
  const code = errorCodeOf(cause);
  const known = connectionFaults[code] ?? (isTlsFault(code) ? tlsFault : undefined);
  const [what, hint] = known ?? ["it can't be reached", "Look at the address, and at the network"];
  const reason = cause instanceof Error ? ` (${showText(cause.message)})` : "";
  return unavailable(`${shown}: ${what}${reason}`, hint, cause);
}

type Fault = readonly [what: string, hint: string];

const hangsUp: Fault = ["it hangs up", "Look whether this is the address of a Glovebox server"];
const noAnswer: Fault = ["it gives no answer", "Look at the address, and at the firewall"];

const connectionFaults: Readonly<Partial<Record<string, Fault>>> = {
  ECONNREFUSED: ["nobody listens there", "Start it with `glovebox serve`, or look at the port"],
  ENOTFOUND: ["nobody knows this host", "Look at the address"],
  EAI_AGAIN: ["the host's name can't be looked up now", "Look at the network"],
  ETIMEDOUT: noAnswer,
  EHOSTUNREACH: noAnswer,
  ENETUNREACH: noAnswer,
  ECONNRESET: hangsUp,
  EPIPE: hangsUp,
};

const tlsFault: Fault = [
  "its certificate is not trusted, or it speaks no TLS",
  "Name your own certificate authority in NODE_EXTRA_CA_CERTS, or write http:// where it has no TLS",
];

function isTlsFault(code: string): boolean {
  return /^(ERR_SSL|ERR_TLS|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|EPROTO)/.test(code);
}

function errorCodeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === "string" ? code : "";
}

export interface RefusedAnswer {
  readonly status: number;
  readonly location: string | undefined;
  /** The beginning of it. */
  readonly body: string;
}

/** What an answer other than the one that was wanted means. */
export function answerFailure(
  { shown }: Endpoint,
  { status, location, body }: RefusedAnswer,
): GloveboxError {
  const told = readError(body);
  const said = told === undefined ? "" : `: ${told.message.replace(/\.$/, "")}`;
  if (status === 401) {
    const hint = "Set GLOVEBOX_KEY, or name a file with --key-file; its operator makes keys";
    return unavailable(`${shown} does not take your key, or wants one${said}`, hint);
  }
  if (status === 403) {
    return unavailable(`${shown} does not let you in${said}`, "Ask its operator");
  }
  if (told?.code === "NOT_FOUND" || told?.code === "METHOD_NOT_ALLOWED") {
    if (shown.endsWith("/v1")) {
      const what = `there is no Glovebox server below ${shown}`;
      return unavailable(what, "Write the address without /v1 at its end");
    }
    const what = `${shown} is a Glovebox server that is too old: it gives no sandboxes`;
    return unavailable(what, "Update it");
  }
  // A queue that is full, a server that stops: it says so itself.
  if (told !== undefined) return told;
  if (status >= 300 && status < 400) {
    const where = location === undefined ? "another address" : `\`${showText(location)}\``;
    return unavailable(`${shown} sends us to ${where}`, "Write the address where it ends");
  }
  return notGlovebox(shown, `status ${status}`);
}

export function notGlovebox(shown: string, reason: string): GloveboxError {
  const hint = "Look at the address: `/health` there must answer as Glovebox";
  return unavailable(`${shown} is no Glovebox server (${reason})`, hint);
}

function readError(body: string): GloveboxError | undefined {
  try {
    const parsed = errorAnswerSchema.safeParse(JSON.parse(body));
    return parsed.success ? errorFromWire(parsed.data.error) : undefined;
  } catch {
    return undefined;
  }
}
