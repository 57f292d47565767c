/**
 * @module
 * Who sends a request: finds its key, and refuses those that lack one where one is needed.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ServerConfig } from "../config/server-config.ts";
import { anonymousCaller, type Caller, type Scope } from "../core/caller.ts";
import { GloveboxError } from "../core/errors.ts";
import { isLoopback } from "./host-check.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Set before anything else looks at a request; see `authenticate`. */
    caller: Caller;
  }
  interface FastifyContextConfig {
    /** What a caller's key must allow; `public`: no key at all. Default `run`. */
    readonly access?: Scope | "public";
    /** Further places of a key: a header, or a part of the query, by this name. */
    readonly keyNames?: readonly string[];
  }
}

export interface AuthenticationOptions {
  /** Of a key's secret; undefined where it is unknown, expired or revoked. Absent: nobody has keys. */
  readonly findCaller?: ((secret: string) => Caller | undefined) | undefined;
  readonly isRequired: boolean;
}

/** Whether nobody may call without a key: wherever others can reach the server, if nothing else is said. */
export function requiresKeys({ server: { host, insecureNoAuth, auth } }: ServerConfig): boolean {
  return auth === "required" || !(isLoopback(host) || insecureNoAuth);
}

/** No secret is longer; a longer one is none. */
const MAX_SECRET_CHARS = 1024;

/**
 * Where no key is required, one that is good still says who calls, and any other is as good as none:
 * clients of other products send what their own servers wanted.
 */
export function authenticate(
  app: FastifyInstance,
  { findCaller, isRequired }: AuthenticationOptions,
): void {
  app.decorateRequest("caller", null as unknown as Caller);
  app.addHook("onRequest", async (request) => {
    const { access = "run", keyNames = [] } = request.routeOptions.config;
    const secrets = secretsOf(request, keyNames);
    const callers = secrets.flatMap((secret) => findCaller?.(secret) ?? []);
    // Of several keys, as Judge0's two headers have them, the one that may do what is asked for.
    const known = callers.find(({ scopes }) => access !== "public" && scopes.includes(access));
    request.caller = known ?? callers[0] ?? anonymousCaller;
    if (!isRequired || access === "public") return;
    if (callers.length === 0) throw unauthenticated(secrets.length > 0);
    if (known === undefined) throw scopeMissing(request.caller, access);
  });
}

/** Also of a request that is refused before anybody knows who sent it. */
export function callerIdOf(request: FastifyRequest): string {
  const caller = request.caller as Caller | null;
  return (caller ?? anonymousCaller).id;
}

function scopeMissing({ scopes }: Caller, access: Scope): GloveboxError<"NOT_ALLOWED"> {
  return new GloveboxError(
    "NOT_ALLOWED",
    `authorization: this needs a key with the scope \`${access}\`; yours has ${scopes.join(", ")}.`,
    { field: "authorization" },
  );
}

function unauthenticated(hasOne: boolean): GloveboxError<"UNAUTHENTICATED"> {
  const what = hasOne
    ? "the key is unknown, expired or revoked"
    : "this server wants a key. Send `Authorization: Bearer KEY` or `X-API-Key: KEY`";
  const message = `authorization: ${what}. The operator makes keys with \`glovebox keys create\`.`;
  return new GloveboxError("UNAUTHENTICATED", message, { reason: hasOne ? "invalid" : "missing" });
}

function secretsOf({ headers, query }: FastifyRequest, names: readonly string[]): string[] {
  const { authorization = "" } = headers;
  const [, bearer] = /^bearer +(\S+) *$/i.exec(authorization) ?? [];
  const named = ["x-api-key", ...names.map((name) => name.toLowerCase())].map((name) => {
    return headers[name];
  });
  const inQuery = names.map((name) => (query as Record<string, unknown> | undefined)?.[name]);
  return [bearer, ...named, ...inQuery].filter(
    (secret): secret is string =>
      typeof secret === "string" && secret !== "" && secret.length <= MAX_SECRET_CHARS,
  );
}
