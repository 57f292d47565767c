import { describe, expect, test } from "vitest";
import { packageJsonSchema, type Package } from "./package.ts";
import { kindOfPackage, parsePackage } from "./parse-package.ts";

const own = "#!/usr/bin/env glovebox\nglovebox: 1\nname: tool\n";
const brew = "#!/usr/bin/env whalebrew\n";
const parse = (text: string): Package => parsePackage(text, { origin: "tool", name: "tool" });

describe("a package's file", () => {
  test("is told by its first line", () => {
    expect(kindOfPackage(`${own}command: jq`)).toBe("own");
    expect(kindOfPackage("#!/usr/local/bin/coderun\nname: a")).toBe("own");
    expect(kindOfPackage(`${brew}image: a`)).toBe("whalebrew");
    expect(kindOfPackage("#!/bin/sh\n# glovebox\n")).toBeUndefined();
    expect(kindOfPackage("name: a\n#!/usr/bin/env glovebox")).toBeUndefined();
  });

  test.each([
    "#!/usr/bin/env -S bash -c 'id' glovebox",
    "#!/usr/bin/env -S glovebox run --network all",
    "#!/bin/sh glovebox",
    "#!/tmp/glovebox",
    "#!glovebox",
    "#!/usr/bin/env glovebox x",
    "#!/usr/bin/env glovebox\r",
    "#! /usr/bin/env bash # glovebox",
  ])("is none where its first line would have the kernel run something else: %s", (first) => {
    expect(kindOfPackage(`${first}\nglovebox: 1\nname: a\ncommand: b\n`)).toBeUndefined();
  });

  test.each([
    `ports: [${Array.from({ length: 33 }, (_, index) => index + 1).join()}]`,
    `environment: [${"A,".repeat(33)}]`,
    `network: [${"a,".repeat(33)}]`,
    `files: [${"/a,".repeat(33)}]`,
    `secrets: [${"A@b,".repeat(33)}]`,
  ])("wants no more than somebody reads: %s", (line) => {
    expect(() => parse(`${own}command: jq\n${line}\n`)).toThrow("32");
  });

  test("has no lists as names of fields", () => {
    expect(() => parse(`${own}command: jq\n? [a]\n: b\n`)).toThrow("tool:5: a list or map");
  });

  test("has the least of all rights where it says nothing", () => {
    expect(parse(`${own}command: jq`)).toMatchObject({
      ...{ command: ["jq"], image: "host", workspace: "ro", network: "none", files: [] },
      ...{ environment: [], ports: [], secrets: [], limits: {}, tty: "auto" },
    });
  });

  test("may name files by their path alone", () => {
    expect(parse(`${own}command: [jq, -r]\nfiles: [~/a, {path: /b, access: rw}]`)).toMatchObject({
      command: ["jq", "-r"],
      files: [
        { path: "~/a", access: "ro", optional: false },
        { path: "/b", access: "rw", optional: false },
      ],
    });
  });

  test.each([
    ["an unknown key", "command: jq\nnetwrok: all", /netwrok is not a known field/],
    ["a newer format", "command: jq\nglovebox: 2", /tool:5: is not YAML/],
    ["nothing to run", "", /there is nothing to run/],
    ["two things to run", "command: jq\nlanguage: bash\nscript: a", /can't both be there/],
    ["a script in no language", "script: a", /`language` and `script` belong together/],
    ["a shell line", "command: jq .a | sh", /must be a program's name, or a list of words/],
    ["a variable of no name", "command: jq\nenvironment: [A B]", /NAME for yours/],
    ["a port that is none", "command: jq\nports: [70000]", /ports\[0\]/],
    ["an alias", "command: &a jq\ndescription: *a", /tool:5: aliases/],
    ["no YAML", "command: [", /tool:\d+: is not YAML/],
    ["an image that is none", "image: ../x", /image `host`, or an image like/],
  ])("with %s is refused", (_, rest, message) => {
    expect(() => parse(`${own}${rest}`)).toThrow(message);
  });

  test("of a newer format says so before all else", () => {
    const newer = "#!/usr/bin/env glovebox\nglovebox: 2\nname: a\ncommand: b\nunheard: of\n";
    expect(() => parse(newer)).toThrow("is written for format 2 of packages; this version reads 1");
  });

  test("has a schema for editors", () => {
    expect(packageJsonSchema()).toMatchObject({ type: "object", required: ["glovebox", "name"] });
  });
});

describe("a package of whalebrew", () => {
  test("is what its file says in our words", () => {
    const text = `${brew}image: acme/tool:1
entrypoint: [tool, -x]
environment: [TOKEN]
volumes: ["~/.docker:/root/.docker", "\${HOME}/b", "/etc/x:/etc/x:ro"]
ports: ["8080:8080"]
networks: [host]
skip_missing_volumes: true
`;
    expect(parse(text)).toMatchObject({
      ...{ name: "tool", image: "acme/tool:1", command: ["tool", "-x"], environment: ["TOKEN"] },
      ...{ workspace: "rw", network: "all", ports: [8080] },
      files: [
        { path: "~/.docker", access: "rw", optional: true },
        { path: "~/b", access: "rw", optional: true },
        { path: "/etc/x", access: "ro", optional: true },
      ],
    });
  });

  test.each([
    ["a network of Docker's", "networks: [mine]", /networks: `mine`/],
    ["a file at another place", "volumes: [/a:/b]", /volumes: `\/a:\/b`/],
    ["folders of arguments", "path_arguments: [-C]", /path_arguments/],
    ["an unknown key", "privileged: true", /privileged is not a known field/],
    ["a port that is none", "ports: [x]", /ports: `x`/],
  ])("with %s is refused", (_, line, message) => {
    expect(() => parse(`${brew}image: a\n${line}\n`)).toThrow(message);
  });
});
