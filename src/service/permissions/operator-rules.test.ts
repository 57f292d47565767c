import { expect, test } from "vitest";
import { parseOperatorRules } from "./operator-rules.ts";

const home = "/home/nobody";
const noForwards = { effect: "deny", pattern: { kind: "forward", port: "*" } };

test("reads rules as they are written, and leads no port out unless one says so", () => {
  const written = { allow: ["net api.github.com:443"], deny: [" read ~/.ssh/ "] };
  expect(parseOperatorRules(written, home)).toMatchObject([
    {
      id: "permissions.allow: net api.github.com:443",
      effect: "allow",
      pattern: { kind: "net", protocol: "tcp", host: "api.github.com", port: 443 },
    },
    { id: "permissions.deny: read ~/.ssh/", effect: "deny", pattern: { path: "~/.ssh/" } },
    noForwards,
  ]);
  expect(parseOperatorRules({ allow: [], deny: [] }, home)).toMatchObject([noForwards]);
  expect(parseOperatorRules({ allow: ["forward 8080"], deny: [] }, home)).toMatchObject([
    { effect: "allow", pattern: { kind: "forward", port: 8080 } },
  ]);
});

test.each([
  ["", "is no rule"],
  ["net", "is no rule"],
  ["api.github.com:443", "is no rule"],
  ["internet api.github.com", "is no rule"],
  ["net ", "is no rule"],
  ["net not a host", "permissions.allow"],
  ["read .ssh/id", "is not a path"],
  ["env 1", "is not the name"],
])("refuses %j", (text, message) => {
  const parse = (): unknown => parseOperatorRules({ allow: [text], deny: [] }, home);
  expect(parse).toThrow(message);
  expect(parse).toThrow(expect.objectContaining({ code: "INVALID_CONFIG" }) as Error);
});
