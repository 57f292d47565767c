import { expect, test } from "vitest";
import type { Secret } from "../../core/secret.ts";
import { concealIn, replaceInHead } from "./replace.ts";

const token: Secret = {
  name: "TOKEN",
  placeholder: "glovebox-secret-TOKEN-00",
  value: "a b&c$&/%",
  hosts: [{ pattern: "api.example.com", port: 443 }],
};
const other: Secret = {
  ...token,
  name: "OTHER",
  placeholder: "glovebox-secret-OTHER-11",
  value: "zz",
};
const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

test("values of headers have it, also several times, and names of headers never", () => {
  const headers = ["Authorization", `Bearer ${token.placeholder}`, token.placeholder, "x"];
  const more = ["X-Both", `${token.placeholder},${other.placeholder},${token.placeholder}`];
  const { headers: replaced, used } = replaceInHead("/", [...headers, ...more], [token, other]);
  expect(replaced).toEqual([
    ...["Authorization", "Bearer a b&c$&/%", token.placeholder, "x"],
    ...["X-Both", "a b&c$&/%,zz,a b&c$&/%"],
  ]);
  expect(used).toEqual([token, other]);
});

test("a query has it in its own encoding, and a path never", () => {
  const { url } = replaceInHead(`/${token.placeholder}?k=${token.placeholder}&z`, [], [token]);
  expect(url).toBe(`/${token.placeholder}?k=a%20b%26c%24%26%2F%25&z`);
});

test.each([
  [basic(`me:${token.placeholder}`), basic("me:a b&c$&/%")],
  [`basic  ${basic(`${token.placeholder}:`).slice(6)}`, `basic  ${basic("a b&c$&/%:").slice(6)}`],
  [basic("me:else"), basic("me:else")],
  ["Basic %%%", "Basic %%%"],
  ["Basic", "Basic"],
  [`Digest ${basic(token.placeholder).slice(6)}`, `Digest ${basic(token.placeholder).slice(6)}`],
])("`Authorization: %s`", (given, expected) => {
  expect(replaceInHead("/", ["authorization", given], [token]).headers[1]).toBe(expected);
});

test.each([
  "Content-Type",
  "User-Agent",
  "x-amz-meta-note",
  "X-Request-ID",
  "Destination",
  "If-Match",
])("`%s` is kept or repeated by hosts, and has no value", (name) => {
  const given = [name, token.placeholder, "Cookie", token.placeholder];
  expect(replaceInHead("/", given, [token]).headers).toEqual([
    ...[name, token.placeholder],
    ...["Cookie", "a b&c$&/%"],
  ]);
});

test("an answer's head has the placeholder in the place of the value, however it is written", () => {
  const long = { ...token, value: "Some/Long value" };
  const text = "Location: /?k=some%2flong%20value&j=Some/Long value";
  expect(concealIn(text, [long])).toBe(`Location: /?k=${long.placeholder}&j=${long.placeholder}`);
  expect(concealIn("a b&c$&/% and a zz", [other])).toBe("a b&c$&/% and a zz");
});

test("base64 elsewhere is no credentials", () => {
  const encoded = basic(token.placeholder);
  const { headers, used } = replaceInHead("/", ["X-Authorization", encoded], [token]);
  expect(headers).toEqual(["X-Authorization", encoded]);
  expect(used).toEqual([]);
});
