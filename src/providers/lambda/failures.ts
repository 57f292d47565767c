/**
 * @module
 * Why AWS can't be used, or did not do what it was asked, in words that help.
 */
import { GloveboxError, invalidRequest, isGloveboxError } from "../../core/errors.ts";
import { showText } from "../../util/show-value.ts";
import { providerName } from "./bounds.ts";

export function unavailable(what: string, hint: string, cause?: unknown): GloveboxError {
  return new GloveboxError(
    "PROVIDER_UNAVAILABLE",
    `${providerName}: ${what}. ${hint}.`,
    { provider: providerName, hint },
    { cause },
  );
}

export function sandboxFailed(step: string, what: string, cause?: unknown): GloveboxError {
  return new GloveboxError(
    "SANDBOX_FAILED",
    `${providerName}: ${what}`,
    { provider: providerName, step },
    { cause },
  );
}

export function unenforceable(controls: readonly string[], what: string): GloveboxError {
  return new GloveboxError("POLICY_UNENFORCEABLE", `${providerName}: ${what}`, {
    provider: providerName,
    controls,
  });
}

/** `ResourceNotFoundException` and its like; empty for what is no error of AWS. */
export const errorNameOf = (error: unknown): string =>
  error instanceof Error && "name" in error ? error.name : "";

/** @param step What was being done, `create the function`. */
export function awsFailure(step: string, error: unknown): GloveboxError {
  if (isGloveboxError(error)) return error;
  const said = showText(messageOf(error));
  const known = knownFaults.find(([pattern]) =>
    pattern.test(`${errorNameOf(error)} ${codeOf(error)}`),
  );
  if (known !== undefined) return unavailable(`cannot ${step}: ${said}`, known[1], error);
  if (/region/i.test(said) && /missing/i.test(said)) return noRegion(error);
  if (/^(RequestEntityTooLarge|RequestTooLarge)/.test(errorNameOf(error))) {
    return invalidRequest(
      "workspace",
      `Lambda takes no package of this size: ${said}. Add what it does not need to .gloveboxignore`,
    );
  }
  return sandboxFailed(
    step,
    `cannot ${step}: ${said}. Look at it with \`glovebox lambda ls\`.`,
    error,
  );
}

const credentialsHint =
  "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, to credentials that are valid";
const networkHint = "Look at the network, and at AWS_ENDPOINT_URL where it is set";

const knownFaults: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [
    /CredentialsProviderError|UnrecognizedClient|InvalidSignature|InvalidClientTokenId|ExpiredToken|MissingAuthenticationToken|SignatureDoesNotMatch/,
    credentialsHint,
  ],
  [/AccessDenied/, "Ask who manages this account for the rights that docs/lambda.md lists"],
  [/TooManyRequests|Throttling/, "It is only for now: try again later"],
  [/CodeStorageExceeded/, "Remove functions that you no longer need, see `glovebox lambda ls`"],
  [
    /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ECONNRESET|EPIPE|TimeoutError/,
    networkHint,
  ],
  [
    /ServiceException|InternalFailure|ServiceUnavailable/,
    "Try again later; https://health.aws.amazon.com has what AWS knows",
  ],
];

export const noRegion = (cause?: unknown): GloveboxError =>
  unavailable("no region is named", "Set AWS_REGION, as `us-east-1`", cause);

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner =
    error instanceof AggregateError ? (error.errors[0] as Error | undefined) : undefined;
  const text = error.message === "" ? (inner?.message ?? error.name) : error.message;
  return text.replace(/[.\s]+$/, "");
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === "string" ? code : "";
}
