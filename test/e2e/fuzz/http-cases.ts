/**
 * @module
 * Requests that are nearly right: of any endpoint, changed in their body, path, query, headers, or in how
 * they are sent.
 */
import fc from "fast-check";
import { makeZip } from "../../helpers/make-zip.ts";
import { nearlyJson } from "./json-mutation.ts";
import { oddUrlPart } from "./odd-values.ts";
import { targets, type Target, type Wire } from "./targets.ts";

export interface HttpCase {
  /** Undefined: the path is perhaps no longer one of its. */
  readonly wire: Wire | undefined;
  readonly method: string;
  readonly path: string;
  /** With their bodies, but without what `framing` says. */
  readonly headers: readonly string[];
  readonly body: string;
  readonly framing: Framing;
}

const framings = [
  "length",
  "chunked",
  "short",
  "long",
  "both",
  "twice",
  "odd",
  "badChunk",
] as const;
type Framing = (typeof framings)[number];

const headers: fc.Arbitrary<readonly string[]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 2, arbitrary: fc.array(oddHeader(), { minLength: 1, maxLength: 3 }) },
);

function oddHeader(): fc.Arbitrary<string> {
  return fc.constantFrom(
    ...["text/plain", "application/json; charset=utf-16", "application/json;;", "x", "", "*/*"].map(
      (type) => `content-type: ${type}`,
    ),
    ...["multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "a/b\tc", ";"].map(
      (type) => `content-type: ${type}`,
    ),
    ...["a", "", "ä", "k".repeat(300), "a b"].map((key) => `idempotency-key: ${key}`),
    ...["Bearer x", "Bearer", "Basic Zm9vOmJhcg==", "x", `Bearer ${"x".repeat(5000)}`].map(
      (key) => `authorization: ${key}`,
    ),
    ...["x-api-key: x", "x-auth-token: x", "x-auth-user: ", "cookie: a=b; c", "te: trailers"],
    ...["host: evil.example", "host: ", "host: [::1", "host: localhost:x", "host: 127.1"],
    ...["origin: null", "origin: http://evil.example", "origin: x", "sec-fetch-site: cross-site"],
    ...["content-encoding: gzip", "content-encoding: identity", "accept: x/y", "accept: ;q=x"],
    ...["accept-encoding: gzip;q=2", "accept-encoding: br", "range: bytes=0-1", "if-none-match: *"],
    ...["last-event-id: 0.0.0.1", "last-event-id: x", "tokens: a,b,,", "tokens: ", "tokens: %00"],
    ...["expect: 100-continue", "expect: x", "connection: keep-alive", "connection: upgrade"],
    ...["upgrade: h2c", "upgrade: websocket", "connection: Upgrade, HTTP2-Settings", "trailer: x"],
    ...[
      "traceparent: 00-0",
      "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ],
    ...["tracestate: =", "x-forwarded-for: x", "forwarded: for=x", "x-request-id: \u0001"],
    ...["sec-websocket-protocol: a,,b", "sec-websocket-version: 99", "x-http-method-override: PUT"],
    ...[`x: ${"x".repeat(20_000)}`, "x: a\r\n folded", ": empty", "no colon", "x\0: a", "é: é"],
    Array.from({ length: 120 }, (_, index) => `x-${index}: y`).join("\r\n"),
  );
}

const otherMethod = fc.constantFrom(
  ...["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "QUERY"],
  ...["PROPFIND", "get", "BREW", "M-SEARCH"],
);

/** @param ids Of executions that there are. */
export function httpCases(ids: readonly string[]): fc.Arbitrary<HttpCase> {
  return fc.oneof(...targets.map((target) => casesOf(target, ids)));
}

function casesOf(target: Target, ids: readonly string[]): fc.Arbitrary<HttpCase> {
  const usual = { weight: 8, arbitrary: fc.constant(target.method) };
  return fc
    .record({
      method: fc.oneof(usual, { weight: 1, arbitrary: otherMethod }),
      path: pathsOf(target, ids),
      query: queriesOf(target),
      headers,
      body: bodiesOf(target),
      framing: fc.oneof(
        { weight: 12, arbitrary: fc.constant("length" as const) },
        { weight: 1, arbitrary: fc.constantFrom(...framings) },
      ),
    })
    .map(({ path: { path, isOdd }, query, ...rest }) => ({
      ...rest,
      wire: isOdd || rest.method !== target.method ? undefined : target.wire,
      path: path + query,
    }));
}

function pathsOf(
  { path }: Target,
  ids: readonly string[],
): fc.Arbitrary<{ path: string; isOdd: boolean }> {
  const id = fc.oneof(fc.constantFrom("x", ...ids), oddUrlPart);
  const right = id.map((text) => {
    // What such a part does to a path is seen by where it leads.
    const isOdd = path.includes("{id}") && !/^[\w-]{1,64}$/.test(text);
    return { path: path.replace("{id}", text), isOdd };
  });
  const odd = fc
    .constantFrom<(text: string) => string>(
      (text) => `${text}/`,
      (text) => `/${text}`,
      (text) => text.toUpperCase(),
      (text) => `http://localhost${text}`,
      (text) => text.replace("/v", "/%76"),
      (text) => `${text}/../x`,
      (text) => `${text}%00`,
      (text) => `${text}\t`,
      (text) => text.slice(1),
      (text) => `${text}é`,
      () => "*",
      () => "/",
      () => `/${"a/".repeat(500)}`,
    )
    .map((change) => ({ path: change(path).replace("{id}", ids[0] ?? "x"), isOdd: true }));
  return fc.oneof({ weight: 10, arbitrary: right }, { weight: 1, arbitrary: odd });
}

function queriesOf({ query = {} }: Target): fc.Arbitrary<string> {
  const entries = Object.entries(query);
  const given = fc.tuple(
    ...entries.map(([name, value]) =>
      fc.oneof(
        { weight: 3, arbitrary: fc.constant([`${name}=${value}`]) },
        { weight: 2, arbitrary: fc.constant([]) },
        { weight: 3, arbitrary: oddUrlPart.map((odd) => [`${name}=${odd}`]) },
        { weight: 1, arbitrary: oddUrlPart.map((odd) => [`${name}=${value}`, `${name}=${odd}`]) },
        {
          weight: 1,
          arbitrary: oddUrlPart.map((odd) => [`${name}[]=${odd}`, `${name}[a]=${odd}`]),
        },
      ),
    ),
  );
  const more = fc.oneof(
    { weight: 8, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: oddUrlPart.map((odd) => [odd]) },
    { weight: 1, arbitrary: fc.constant(["__proto__=1", "constructor=2", "toString"]) },
    { weight: 1, arbitrary: oddUrlPart.map((odd) => [`key=${odd}`, `authorization=${odd}`]) },
  );
  return fc.tuple(given, more).map((parts) => {
    const texts = parts.flat(2);
    return texts.length === 0 ? "" : `?${texts.join("&")}`;
  });
}

const zip = makeZip([{ path: "run", content: ":" }]);

/** A zip, with some of its bytes changed. */
const oddZip: fc.Arbitrary<string> = fc
  .array(fc.tuple(fc.nat(zip.byteLength - 1), fc.nat(255)), { maxLength: 3 })
  .map((changes) => {
    const bytes = Buffer.from(zip);
    for (const [index, byte] of changes) bytes[index] = byte;
    return JSON.stringify({ language_id: 89, additional_files: bytes.toString("base64") });
  });

function bodiesOf({ body, path }: Target): fc.Arbitrary<string> {
  if (body === undefined) {
    return fc.oneof({ weight: 8, arbitrary: fc.constant("") }, fc.constantFrom("{}", "x", "null"));
  }
  const json = nearlyJson(body);
  const kinds = [
    { weight: 20, arbitrary: json },
    { weight: 1, arbitrary: json.map((text) => text.slice(0, -1)) },
    { weight: 1, arbitrary: json.map((text) => text + text) },
    { weight: 1, arbitrary: fc.constantFrom("", " ", "\0", "a=b&language_id=46", "\ufeff{}") },
    ...(path.startsWith("/judge0/submissions") ? [{ weight: 3, arbitrary: oddZip }] : []),
  ];
  return fc.oneof(...kinds);
}

/** As it goes over the wire, and whether that is a whole request. */
export function toBytes(one: HttpCase): { bytes: Buffer; isWhole: boolean } {
  const { method, path, headers: more, framing } = one;
  const hasType = more.some((line) => line.startsWith("content-type:"));
  const body = Buffer.from(one.body);
  const isBodyless = body.byteLength === 0 && framing === "length";
  const head = [
    `${method} ${path} HTTP/1.1`,
    ...(more.some((line) => line.startsWith("host:")) ? [] : ["host: localhost"]),
    ...(hasType || isBodyless ? [] : ["content-type: application/json"]),
    ...more,
    ...(isBodyless ? [] : framingHeaders[framing](body.byteLength)),
    "",
    "",
  ];
  const isChunked = framing === "chunked" || framing === "badChunk";
  const sent = isChunked ? chunked(body, framing === "badChunk") : body;
  const isWhole = framing === "length" || framing === "chunked";
  return { bytes: Buffer.concat([Buffer.from(head.join("\r\n")), sent]), isWhole };
}

const framingHeaders: Readonly<Record<Framing, (bytes: number) => readonly string[]>> = {
  length: (bytes) => [`content-length: ${bytes}`],
  chunked: () => ["transfer-encoding: chunked"],
  badChunk: () => ["transfer-encoding: chunked"],
  short: (bytes) => [`content-length: ${Math.max(0, bytes - 1)}`],
  long: (bytes) => [`content-length: ${bytes + 1}`],
  both: (bytes) => [`content-length: ${bytes}`, "transfer-encoding: chunked"],
  twice: (bytes) => [`content-length: ${bytes}`, `content-length: ${bytes + 1}`],
  odd: () => ["content-length: -1", "transfer-encoding: gzip, x"],
};

function chunked(body: Buffer, isBad: boolean): Buffer {
  const middle = body.byteLength >> 1;
  const pieces = [body.subarray(0, middle), body.subarray(middle)].filter(
    ({ byteLength }) => byteLength > 0,
  );
  const chunks = pieces.flatMap((piece) => [
    Buffer.from(`${isBad ? "-" : ""}${piece.byteLength.toString(16)};x=y\r\n`),
    piece,
    Buffer.from("\r\n"),
  ]);
  return Buffer.concat([...chunks, Buffer.from("0\r\nx: trailer\r\n\r\n")]);
}
