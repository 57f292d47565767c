import { expect, test } from "vitest";
import { remedyFor } from "./remedies.ts";

const machine = "         0          0 4294967295\n";
const sandbox = "      1000 1900000405          1\n";
const settings = (all: Readonly<Record<string, string>>) => (name: string) => all[name];
const ended = "the launcher ended with code 1";

test("a setting of this machine that forbids namespaces is named, with the command", () => {
  const read = settings({ "user.max_user_namespaces": "0" });
  expect(remedyFor(ended, read, machine)).toBe(
    "as root: `sysctl -w user.max_user_namespaces=15000`",
  );
});

test("that of a sandbox is not: nobody inside can change it", () => {
  const read = settings({ "user.max_user_namespaces": "0" });
  expect(remedyFor(ended, read, sandbox)).toMatch(/^start it outside of the sandbox that it is in/);
});

test.each([machine, sandbox])("where nothing forbids it, nothing is known (%j)", (uidMap) => {
  const read = settings({ "user.max_user_namespaces": "15000" });
  expect(remedyFor(ended, read, uidMap)).toBe("");
});
