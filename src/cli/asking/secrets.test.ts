import { expect, test } from "vitest";
import { isGloveboxError } from "../../core/errors.ts";
import { parseSecret, refuseGivenAway, refuseContradictions } from "./secrets.ts";

const env = { TOKEN: "from-env", EMPTY: "", LINES: "a\nb", WIDE: "\u00fc" };

test("a value is from the environment, or written; the last `@` ends it", () => {
  expect(parseSecret("TOKEN@api.example.com", env)).toMatchObject({
    name: "TOKEN",
    value: "from-env",
    hosts: [{ pattern: "api.example.com", port: 443 }],
  });
  expect(parseSecret("T=a=b@c@API.example.com.,*.example.org:8443", {})).toMatchObject({
    name: "T",
    value: "a=b@c",
    hosts: [
      { pattern: "api.example.com", port: 443 },
      { pattern: "*.example.org", port: 8443 },
    ],
  });
});

test("placeholders are random, and say what they stand for", () => {
  const [one, other] = [0, 1].map(() => parseSecret("TOKEN@a.example", env).placeholder);
  expect(one).toMatch(/^glovebox-secret-TOKEN-[0-9a-f]{32}$/);
  expect(one).not.toBe(other);
});

test.each([
  ["TOKEN", "names no host"],
  ["TOKEN@", "names no host"],
  ["TOKEN=secret-value", "names no host"],
  ["NOT_SET@a.example", "is not set"],
  ["EMPTY@a.example", "visible ASCII"],
  ["LINES@a.example", "visible ASCII"],
  ["WIDE@a.example", "visible ASCII"],
  ["T= secret-value@a.example", "visible ASCII"],
  [`T=${"secret-value".repeat(2_000)}@a.example`, "visible ASCII"],
  ["2BAD@a.example", "name of a variable"],
  ["@a.example", "name of a variable"],
  ["=x@a.example", "name of a variable"],
  ["TOKEN@192.0.2.1", "no name of a host"],
  ["TOKEN@[2001:db8::1]:443", "no name of a host"],
  ["TOKEN@10.0.0.0/8", "no name of a host"],
  ["TOKEN@localhost", "no name of a host"],
  ["TOKEN@*", "hosts of anybody"],
  ["TOKEN@*.com", "hosts of anybody"],
  ["TOKEN@a.example:80", "plain HTTP"],
  ["HOME@a.example", "programs start by"],
  ["LD_PRELOAD=secret-value@a.example", "programs start by"],
  ["secret-value@a.example", "what stands there"],
  ["secret_value@a.example", "write the variable's name here"],
  ["TOKEN@udp:a.example", "no name of a host"],
  ["TOKEN@https://a.example", "is a URL"],
  ["TOKEN@a.example:99999", "port"],
  ["TOKEN@a.example,,b.example", "not a host"],
])("`--secret %s` is refused, without the value", (text, reason) => {
  let refused: unknown;
  try {
    parseSecret(text, env);
  } catch (error) {
    refused = error;
  }
  if (!isGloveboxError(refused)) throw new Error("it was taken");
  expect(refused.code).toBe("INVALID_REQUEST");
  expect(refused.message).toContain(reason);
  expect(refused.message).not.toMatch(/secret.value/);
});

test("a value that the program would see in its own words is refused", () => {
  const secrets = [parseSecret("TOKEN@a.example", env)];
  expect(() => refuseGivenAway(secrets, ["curl", "-H", "X: from-env"])).toThrow("single quotes");
  refuseGivenAway(secrets, ["sh", "-c", 'echo "$TOKEN"']);
});

test.each([
  [["TOKEN@a.example", "TOKEN@b.example"], {}, "there twice"],
  [["TOKEN@a.example"], { network: "all" }, "--network is `all`"],
  [["TOKEN@a.example"], { network: "none" }, "--network is `none`"],
  [["TOKEN@a.example"], { env: ["TOKEN=x"] }, "also given by --env"],
  [["TOKEN@a.example"], { env: ["TOKEN"] }, "also given by --env"],
  [["TOKEN@a.example"], { askEnv: ["TOKEN"] }, "also given by --env"],
  [["TOKEN@a.example"], { allowEnv: ["TOKEN"] }, "also given by --env"],
])("%j with %j contradict each other", (texts, others, reason) => {
  const secrets = texts.map((text) => parseSecret(text, env));
  expect(() => refuseContradictions(secrets, others)).toThrow(reason);
});
