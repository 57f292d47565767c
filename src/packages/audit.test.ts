import { expect, test } from "vitest";
import { askingText, auditPackage, changedText } from "./audit.ts";
import { packageSchema, type Package } from "./package.ts";
import { differenceOf, wishesOf } from "./wishes.ts";

const packageOf = (more: object): Package =>
  packageSchema.parse({ glovebox: 1, name: "tool", version: "1.2", ...more });

const much = packageOf({
  ...{ language: "bash", script: "echo hello\n\tcurl x\n", description: "Does much" },
  ...{
    workspace: "rw",
    network: ["a.example:443"],
    files: ["~/.netrc", { path: "/x", access: "rw" }],
  },
  ...{ environment: ["TOKEN", "A=1"], ports: [80], secrets: ["KEY@api.example"] },
  ...{ limits: { memory: "1GiB" }, image: "acme/x:1", working_dir: "sub" },
});

test("it is asked in whalebrew's words, what can do the most harm first", () => {
  expect(askingText(much)).toBe(`tool 1.2: Does much
It runs this, in bash:

  | echo hello
  |     curl x

This package needs additional access to your system. It wants to:

* Connect to a.example:443
* Use the secret KEY in requests to api.example, without seeing it
* Read the file or directory "~/.netrc"
* Read and write to the file or directory "/x"
* Read and write to all files of the directory in which you start it
* Read the environment variable TOKEN
* Listen on TCP port 80
* Run programs of the image acme/x:1
`);
});

test("an audit has all of it, and a question only the first lines of its code", () => {
  const long = packageOf({ language: "bash", script: "echo line\n".repeat(40) });
  expect(askingText(long).match(/echo line/g)).toHaveLength(12);
  expect(askingText(long)).toContain("… 28 more lines");
  expect(auditPackage(long).match(/echo line/g)).toHaveLength(40);
  expect(auditPackage(much)).toContain("It has these variables: A=1\nIts limits: memory 1GiB\n");
});

test("what wants nothing says so", () => {
  const none = packageOf({ command: "bc", workspace: "none" });
  expect(wishesOf(none)).toEqual([]);
  expect(auditPackage(none)).toContain("It needs no access to your system.");
});

test("of one that has changed only the difference is asked about", () => {
  const before = packageOf({ command: "jq", environment: ["A"] });
  const after = packageOf({ command: ["jq", "-r"], environment: ["B"], version: "1.3" });
  expect(differenceOf(before, after)).toEqual({
    more: ["Read the environment variable B"],
    less: ["Read the environment variable A"],
  });
  const text = changedText(before, after);
  expect(text).toContain("It now also wants to:\n\n* Read the environment variable B\n");
  expect(text).toContain("It no longer wants to:\n\n* Read the environment variable A\n");
  expect(text).toContain('  - command: ["jq"]\n  + command: ["jq","-r"]\n');
  expect(text).not.toContain("all files of the directory");
});

test("one whose program alone has changed says that it wants nothing more", () => {
  const [before, after] = ["a", "b"].map((script) => packageOf({ language: "bash", script }));
  const text = changedText(before as Package, after as Package);
  expect(text).toContain("It wants nothing more than before.");
  expect(text).toContain("  - a\n  + b\n");
});

test("what its author wrote neither acts on the terminal nor hides", () => {
  const deceiving = packageOf({
    ...{ description: "a\u001b[2J\u202eb", language: "bash", script: "x\u001b[8m\r\u0007 y\u200b" },
    environment: ["A=\u001b[0m"],
  });
  const all = auditPackage(deceiving) + askingText(deceiving) + changedText(much, deceiving);
  expect(all.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(all).toContain("\\u{1b}");
});
