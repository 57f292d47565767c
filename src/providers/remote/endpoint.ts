/**
 * @module
 * Where the server is, and who we are to it.
 */
import { invalidRequest } from "../../core/errors.ts";
import { sandboxPath } from "../../sandbox-protocol/bounds.ts";

export interface Endpoint {
  /** `https://host:8000/below`, for people: without a key. */
  readonly shown: string;
  /** Of a plain request. */
  readonly urlOf: (path: string) => URL;
  /** Of a sandbox: `wss:` where that is `https:`. */
  readonly sandboxUrl: URL;
  /** Of each request. A key is in no address: those are logged everywhere. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface EndpointOptions {
  /** `http://HOST:PORT` or `https://…`, with or without a path that a proxy has the server at. */
  readonly url: string;
  readonly key?: string | undefined;
}

const MAX_KEY_CHARS = 1024;

/** @throws {GloveboxError} `INVALID_REQUEST` */
export function parseEndpoint({ url: text, key }: EndpointOptions): Endpoint {
  const url = parseUrl(text);
  if (key !== undefined && !(/^[\x21-\x7e]+$/.test(key) && key.length <= MAX_KEY_CHARS)) {
    throw invalidRequest("key", "is no key: it has spaces, or characters that no key has.");
  }
  const base = url.href.replace(/\/+$/, "");
  const urlOf = (path: string): URL => new URL(`${base}${path}`);
  const sandboxUrl = urlOf(sandboxPath);
  sandboxUrl.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  return { shown: base, urlOf, sandboxUrl, headers };
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === "") {
    throw invalidRequest("url", `\`${text}\` is no address like https://glovebox.example.org.`);
  }
  if (url.username !== "" || url.password !== "") {
    throw invalidRequest("url", "a user or a password has no place in it: a key is sent apart.");
  }
  if (url.search !== "" || url.hash !== "") {
    throw invalidRequest("url", "nothing may follow the path of the address.");
  }
  return url;
}
