import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readBuiltLanguages } from "./built.ts";
import { loadLanguages } from "./load.ts";
import { serializeLanguages } from "./serialize.ts";

const ownLanguages = fileURLToPath(new URL("../../languages", import.meta.url));

const demo = `
id: demo
title: Demo
extensions: [.demo]
mainFile: main.demo
run: [demo, "{entry}"]
version: { argv: [demo, --version], pattern: "demo (.*)" }
install: { debian: [demo] }
image: { name: "demo:1" }
highlight: none
hello: hello.demo
tests:
  - name: says hello
    files: [{ path: main.demo, content: "hello" }]
    expect: { stdout: "hello" }
`;

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "glovebox-languages-"));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

async function write(name: string, yaml: string, hello = "hello"): Promise<void> {
  await mkdir(join(dir, name));
  await writeFile(join(dir, name, "language.yaml"), yaml);
  await writeFile(join(dir, name, "hello.demo"), hello);
}

test("loads the languages of this project", async () => {
  const languages = await loadLanguages(ownLanguages);
  const ids = languages.map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining(["bash", "c", "cpp", "javascript", "python"]));
  expect(languages.every(({ helloCode }) => helloCode.includes("Hello"))).toBe(true);
});

test("a language gets its defaults and its first program", async () => {
  await write("demo", demo, "first program");
  const [language] = await loadLanguages(dir);
  expect(language).toMatchObject({ id: "demo", aliases: [], env: {}, helloCode: "first program" });
  expect(language?.tests[0]).toMatchObject({ stdin: "", args: [], expect: { exitCode: 0 } });
});

test("a language is coloured as one that an editor knows, or says that there is none", async () => {
  await write("demo", demo);
  expect(await loadLanguages(dir)).toMatchObject([{ highlight: null }]);
  await writeFile(join(dir, "demo/language.yaml"), demo.replace("none", "C++"));
  expect(await loadLanguages(dir)).toMatchObject([{ highlight: "C++" }]);
  await writeFile(join(dir, "demo/language.yaml"), demo.replace("highlight: none\n", ""));
  await expect(loadLanguages(dir)).rejects.toThrow("highlight: is required");
});

test("a language of npm has an image that is built by npm, where it names none", async () => {
  const npm = demo.replace("{ debian: [demo] }", '{ npm: ["@a/demo@^1", "lib@2.0.1"] }');
  await write("demo", npm.replace(/^image: .*\n/m, ""));
  const [language] = await loadLanguages(dir);
  expect(language?.install).toEqual({ debian: [], npm: ["@a/demo@^1", "lib@2.0.1"] });
  expect(language?.image).toEqual({ name: "localhost/glovebox/demo:npm" });
  expect(language?.dockerfileText).toMatch(
    /npm install .*--ignore-scripts.* '@a\/demo@\^1' 'lib@2/,
  );
});

test("a language may say how it is started ahead, with the text of its prelude", async () => {
  await write("demo", `${demo}\nwarm: { mode: wait }\n`);
  const [language] = await loadLanguages(dir);
  expect(language?.warm).toEqual({ mode: "wait", point: "open", entry: "{entry}" });
  expect(language).not.toHaveProperty("preludeText");
  const prelude = "warm: { mode: fork, prelude: { evaluator: demo_run, file: warm.demo } }";
  await writeFile(join(dir, "demo/language.yaml"), `${demo}\n${prelude}\n`);
  await writeFile(join(dir, "demo/warm.demo"), "load all");
  expect(await loadLanguages(dir)).toMatchObject([
    { preludeText: "load all", warm: { prelude: { evaluator: "demo_run" } } },
  ]);
  await writeFile(
    join(dir, "demo/language.yaml"),
    `${demo}\nwarm: { mode: fork, usual: much.demo }\n`,
  );
  await writeFile(join(dir, "demo/much.demo"), "do much");
  expect(await loadLanguages(dir)).toMatchObject([{ usualCode: "do much" }]);
});

test("what the build writes is read as it was, without tests", async () => {
  const languages = await loadLanguages(ownLanguages);
  const file = join(dir, "languages.json");
  await writeFile(file, serializeLanguages(languages));
  expect(readBuiltLanguages(file)).toEqual(languages.map((each) => ({ ...each, tests: [] })));
});

test("a missing build says so", () => {
  expect(() => readBuiltLanguages(join(dir, "none.json"))).toThrow(/none\.json.*ENOENT/);
});

describe("a fault is told with its file, its place and its value:", () => {
  test.each<[string, string, (string | RegExp)[]]>([
    ["an unknown field", `${demo}\nspeed: 3\n`, ["speed", "not a known field"]],
    ["a wrong type", demo.replace("title: Demo", "title: 3"), ["title", "string", "3"]],
    ["a bad extension", demo.replace("[.demo]", "[demo]"), ["extensions[0]", '"demo"']],
    [
      "a path that leaves the workspace",
      demo.replace("path: main.demo", "path: ../main.demo"),
      ["tests[0].files[0].path", '"../main.demo"'],
    ],
    ["no packages", demo.replace("{ debian: [demo] }", "{}"), ["install", "`debian` or `npm`"]],
    ...["demo", "demo@latest", "demo@file:../demo", "a/demo@1", "demo@git+ssh://a/b", "-g@1"].map(
      (name): [string, string, (string | RegExp)[]] => [
        `no package of npm, ${name}`,
        demo.replace("{ debian: [demo] }", `{ npm: ["${name}"] }`),
        ["install.npm[0]", "deno@^2"],
      ],
    ),
    [
      "an extension without a dot",
      demo.replace("[.demo]", "[tb]"),
      ["extensions[0]", /must begin with a dot, not "tb"$/],
    ],
    [
      "a misspelt name in braces",
      demo.replace("{entry}", "-f{entri}"),
      ["run: {entri} is unknown; there are {entry}, {name}, {stem}, {sources}, {others}"],
    ],
    [
      "one of another place",
      `${demo}\nprepare: { commands: [{ argv: [demo, "{entry}"] }] }\n`,
      ["prepare.commands[0].argv: {entry} is unknown; there are {prepared}"],
    ],
    [
      "one of a compiler that is started ahead",
      `${demo}\nprepare: { commands: [{ argv: [demo] }], compile: [[demo]], ahead: [demo, "{entri}"] }\n`,
      ["prepare.ahead: {entri} is unknown"],
    ],
    [
      "one in a variable of what is started ahead",
      `${demo}\nwarm: { mode: wait, env: { name: DEMO, value: "{entry}" } }\n`,
      ["warm.env.value: {entry} is unknown; there are {prepared}"],
    ],
    [
      "a compiler started ahead for one of several commands",
      `${demo}\nprepare: { commands: [{ argv: [demo] }], compile: [[demo], [demo]], ahead: [demo] }\n`,
      ["prepare.ahead", "one command"],
    ],
    [
      "one that is no part of a word",
      `${demo}\ncompile: [[demo, "-I{sources}"]]\n`,
      ["compile[0]: {sources} must be a word of its own"],
    ],
    [
      "a name that no code gives",
      demo.replace("main.demo\nrun", '"{class}.demo"\nrun'),
      ["mainFile: {class} is unknown; there are none"],
    ],
    ["an upper-case alias", `${demo}\naliases: [Demo]\n`, ["aliases[0]", '"Demo"']],
    ["a missing field", demo.replace("title: Demo\n", ""), ["title", "required"]],
    ["another folder's id", demo.replace("id: demo", "id: other"), ["id", "`demo`", "`other`"]],
    ["no regular expression", demo.replace("demo (.*)", "demo ("), ["version.pattern"]],
    ["a pattern without a group", demo.replace("demo (.*)", "demo"), ["version.pattern", "group"]],
    [
      "a pattern of what runs cold that is none",
      `${demo}\nwarm: { mode: wait, unless: "(" }\n`,
      ["warm.unless"],
    ],
    [
      "a prelude of what is not forked",
      `${demo}\nwarm: { mode: wait, prelude: { evaluator: run, file: hello.demo } }\n`,
      ["warm.prelude", "mode `fork`"],
    ],
    [
      "a point in a file of which one byte is nobody's",
      `${demo}\nwarm: { mode: fork, point: read }\n`,
      ["warm.point", "`prelude`"],
    ],
    [
      "a usual program of what is not forked",
      `${demo}\nwarm: { mode: wait, usual: hello.demo }\n`,
      ["warm.usual", "mode `fork`"],
    ],
    [
      "no prelude",
      `${demo}\nwarm: { mode: fork, prelude: { evaluator: run, file: none.demo } }\n`,
      ["none.demo", "ENOENT"],
    ],
    ["broken YAML", `${demo}\n  : [`, ["line"]],
    ["no first program", demo.replace("hello.demo", "none.demo"), ["none.demo", "ENOENT"]],
  ])("%s", async (_what, yaml, parts) => {
    await write("demo", yaml);
    const error: unknown = await loadLanguages(dir).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "INVALID_CONFIG" });
    for (const part of [join(dir, "demo"), ...parts]) {
      expect((error as Error).message).toMatch(part);
    }
  });
});

test("braces of other programs are theirs", async () => {
  const words = '["${dir}", "{ print }", "{{end}}", "{if .x}", "{Entry}", "{}"]';
  await write("demo", demo.replace('[demo, "{entry}"]', words));
  await expect(loadLanguages(dir)).resolves.toHaveLength(1);
});

test("a folder without language.yaml is an error, not overlooked", async () => {
  await mkdir(join(dir, "empty"));
  await expect(loadLanguages(dir)).rejects.toThrow(/empty\/language\.yaml.*ENOENT/);
});

test("two folders that claim one extension are refused", async () => {
  await write("demo", demo);
  await write("twin", demo.replace("id: demo", "id: twin"));
  await expect(loadLanguages(dir)).rejects.toThrow("the extension `.demo` is claimed twice");
});
