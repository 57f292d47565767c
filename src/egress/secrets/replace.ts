/**
 * @module
 * Placeholders in the head of a request, and the values in their place. What has no place for a value
 * stays as it is: names of headers, the path, the body, and headers that say something else than who
 * asks. A program could have a host keep and show what it was sent there.
 */
import type { Secret } from "../../core/secret.ts";

export interface Replaced {
  /** Path and query, as in the first line of a request. */
  readonly url: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** Those whose values are in it now. */
  readonly used: readonly Secret[];
}

/** @param headers Names and values in turn. */
export function replaceInHead(
  url: string,
  headers: readonly string[],
  secrets: readonly Secret[],
): Replaced {
  const used = new Set<Secret>();
  const replace = (text: string, valueOf: (secret: Secret) => string): string =>
    secrets.reduce((whole, secret) => {
      if (!whole.includes(secret.placeholder)) return whole;
      used.add(secret);
      return whole.replaceAll(secret.placeholder, () => valueOf(secret));
    }, text);
  const plain = (text: string): string => replace(text, ({ value }) => value);
  const queryAt = url.indexOf("?");
  return {
    url:
      queryAt < 0
        ? url
        : url.slice(0, queryAt) +
          replace(url.slice(queryAt), ({ value }) => encodeURIComponent(value)),
    headers: headers.map((text, index) => {
      if (index % 2 === 0) return text;
      const name = headers[index - 1]?.toLowerCase() ?? "";
      if (noCredentials.test(name)) return text;
      return plain(name === "authorization" ? replaceInBasic(text, plain) : text);
    }),
    used: [...used],
  };
}

/** Of shorter ones other text is full; a secret has more. */
const minConcealed = 8;

/**
 * The head of an answer with placeholders in the place of values: redirects repeat the query, and many
 * hosts an origin, the id of a request or a protocol.
 */
export function concealIn(text: string, secrets: readonly Secret[]): string {
  return secrets.reduce((whole, { value, placeholder }) => {
    if (value.length < minConcealed) return whole;
    const forms = [...new Set([value, encodeURIComponent(value)])].map(escaped).join("|");
    return whole.replace(new RegExp(forms, "gi"), () => placeholder);
  }, text);
}

const escaped = (text: string): string => text.replace(/[^\w]/g, "\\$&");

/** Hosts keep these with what they are sent, or repeat them in answers. */
const noCredentials =
  /^(accept|access-control-|content-|if-|range$|te$|trailer$|upgrade$|expect$|host$|origin$|referer$|user-agent$|from$|via$|forwarded$|destination$|link$|slug$|traceparent$|tracestate$|baggage$|idempotency-key$|(x-)?(request|correlation)-id$|sec-websocket-(key|version|extensions)$|x-(amz|goog|ms|oss|cos)-meta-|x-(object|container|account)-meta-|x-forwarded-)/;

const basicForm = /^(basic +)([a-z0-9+/=_-]+)$/i;

/** `Basic` with user and password: RFC 7617. As it was where there is no placeholder in it. */
function replaceInBasic(text: string, replace: (text: string) => string): string {
  const [, scheme, encoded] = basicForm.exec(text) ?? [];
  if (scheme === undefined || encoded === undefined) return text;
  const credentials = Buffer.from(encoded, "base64").toString("latin1");
  const replaced = replace(credentials);
  if (replaced === credentials) return text;
  return scheme + Buffer.from(replaced, "latin1").toString("base64");
}
