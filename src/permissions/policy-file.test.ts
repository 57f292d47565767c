import fc from "fast-check";
import { expect, test } from "vitest";
import type { Subject } from "../core/permission.ts";
import { createDecisionLog } from "./decision-log.ts";
import { learnedPolicy, parsePolicyFile } from "./policy-file.ts";
import { exactPattern } from "./subject.ts";

const place = { home: "/home/u" };
const parse = (text: string) => parsePolicyFile(text, { origin: "p.yaml", place });
const learn = (...subjects: readonly Subject[]): string => {
  const log = createDecisionLog(() => 0);
  for (const subject of subjects) {
    const process = { pid: 1, name: "cu\nrl", executable: "" };
    log.record({ subject, process, isAllowed: false, by: { kind: "nobody" } });
  }
  return learnedPolicy(log, { ...place, env: {}, command: "./test.sh" });
};

test("what a run would have needed, to read and edit", () => {
  const text = learn(
    { kind: "net", protocol: "tcp", host: "api.github.com", port: 443 },
    { kind: "read", path: "/home/u/.aws/credentials" },
    { kind: "read", path: "/home/u/.aws/credentials" },
  );
  expect(text).toBe(`# What ./test.sh asked for. Take out what it should not have, then:
# \`glovebox permissions import FILE\`
version: 1
allow:
  # "cu\\u{a}rl" asked for it
  - net: "api.github.com:443"
  # "cu\\u{a}rl" asked for it 2 times: AWS access keys
  - read: "~/.aws/credentials"
deny: []
`);
});

test("what was learned is read again as it was, whatever the program chose", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }), async (name) => {
      const path = `/x${name.replaceAll("\0", "").replaceAll("/", "_").replaceAll(".", "_")}`;
      const subject: Subject = { kind: "read", path };
      expect(await parse(learn(subject))).toEqual([
        {
          ...{ effect: "allow", scope: "always", by: "import" },
          pattern: exactPattern(subject, (each) => each),
        },
      ]);
    }),
    { numRuns: 50 },
  );
});

test("is read with its denials", async () => {
  const text = "version: 1\nallow:\n  - forward: 8000\ndeny:\n  - net: '*.a.b'\n";
  expect(await parse(text)).toMatchObject([
    { effect: "allow", pattern: { kind: "forward", port: 8000 } },
    { effect: "deny", pattern: { kind: "net", protocol: "any", host: "*.a.b", port: "*" } },
  ]);
});

test.each([
  ["", /^p\.yaml:1: must be `version: 1`/],
  ["allow: []\n", /^p\.yaml:1: lacks/],
  ["version: 2\n", /^p\.yaml:1: version 2 is not known/],
  ["version: 1\nallows: []\n", /^p\.yaml:2: "allows" is none of/],
  ["version: 1\nallow: x\n", /^p\.yaml:2: allow must be a list/],
  ["version: 1\nallow:\n  - net: a.b\n  - x\n", /^p\.yaml:4: allow: must be one KIND: VALUE/],
  ["version: 1\nallow:\n  - {net: a.b, read: /x}\n", /^p\.yaml:3: allow: must be one/],
  ["version: 1\nallow:\n  - nets: a.b\n", /^p\.yaml:3: allow: "nets" is none of net, read/],
  ["version: 1\nallow:\n  - net: 5\n", /^p\.yaml:3: allow: net: must be text, not 5/],
  ["version: 1\nallow:\n  - net: [a]\n", /^p\.yaml:3: allow: net: must be text/],
  ["version: 1\nallow:\n  - net: a b\n", /^p\.yaml:3: allow: net: "a b" is not a host/],
  ["version: 1\nallow: &a []\ndeny: *a\n", /^p\.yaml:3: aliases have no place/],
  ["version: 1\nversion: 1\n", /^p\.yaml:2: is not YAML/],
  ["version: 1\nallow: [\n", /^p\.yaml:\d: is not YAML/],
])("%j is refused with its line", async (text, message) => {
  await expect(parse(text)).rejects.toThrow(message);
});
