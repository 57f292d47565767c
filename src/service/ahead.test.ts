import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { LoadedLanguage } from "../core/language.ts";
import { loadLanguages } from "../languages/load.ts";
import { aheadOf, compilerAheadOf, type WantedCompile, type WantedRun } from "./ahead.ts";

const languages = await loadLanguages(fileURLToPath(new URL("../../languages", import.meta.url)));
const languageOf = (id: string): LoadedLanguage => {
  const found = languages.find((each) => each.id === id);
  if (found === undefined) throw new Error(id);
  return found;
};

function wanted(id: string, code: string, more: Partial<WantedRun> = {}): WantedRun {
  const entry = more.entry ?? { python: "main.py", ruby: "main.rb" }[id] ?? "main.x";
  return {
    language: languageOf(id),
    request: { args: [], env: {} },
    run: {
      argv: [id, entry],
      env: { PATH: "/usr/bin" },
      cwd: "/workspace",
      stdin: "empty",
      limits: { wallTimeMs: 1000, cpuTimeMs: 1000, outputBytes: 1000 },
      onOutputLimit: "truncate",
    },
    entry,
    files: [{ path: entry, content: Buffer.from(code) }],
    usualEntry: entry,
    isPrepared: false,
    ...more,
  };
}

test("a program of a warm language is one that others may use, too", () => {
  const ahead = aheadOf(wanted("python", "print(1)"));
  expect(ahead).toMatchObject({ isOwn: false, stdin: "empty", argv: ["python", "main.py"] });
  expect(ahead?.park).toMatchObject({ mode: "fork", point: "open", entry: "main.py" });
  expect(ahead?.park.prelude?.text).toContain("gc.freeze");
});

test("it has more to do before its program where the data says so, and what that takes is there", () => {
  const more = { entry: "main.js" };
  const value = "--require=/opt/glovebox/prepared/warm.cjs";
  expect(aheadOf(wanted("javascript", "1", { ...more, isPrepared: true }))?.park).toMatchObject({
    env: { name: "NODE_OPTIONS", value },
  });
  expect(aheadOf(wanted("javascript", "1", more))?.park).not.toHaveProperty("env");
  expect(aheadOf(wanted("python", "1"))?.park.usual).toContain("import json");
});

test.each<[string, WantedRun]>([
  ["a language that is never started ahead", wanted("jq", ".")],
  ["a file in a folder", wanted("python", "1", { entry: "app/main.py" })],
  ["a file that is not there", wanted("python", "1", { files: [] })],
  ["a program with arguments", wanted("bash", "1", { request: { args: ["x"], env: {} } })],
  [
    "a program with variables",
    wanted("bash", "1", { request: { args: [], env: { BASH_ENV: "$(id)" } } }),
  ],
  [
    "one with its own name at a point that needs a template",
    wanted("ruby", "puts 1", { entry: "mine.rb", usualEntry: "main.rb" }),
  ],
  ["what the data leaves out", wanted("ruby", "#!/usr/bin/ruby -w\nputs 1\n")],
  [
    "a terminal",
    wanted("python", "1", { run: { ...wanted("python", "").run, tty: { columns: 80, rows: 24 } } }),
  ],
  [
    "a point that needs a template, for who wants none",
    wanted("ruby", "puts 1", { request: { args: [], env: {}, fork: "off" } }),
  ],
])("%s is not", (_name, run) => {
  expect(aheadOf(run)).toBeUndefined();
});

test("with a name of its own it is the caller's own, and no fork", () => {
  const ahead = aheadOf(wanted("python", "1", { usualEntry: "main.py", entry: "mine.py" }));
  expect(ahead).toMatchObject({ isOwn: true, park: { mode: "wait", entry: "mine.py" } });
  expect(ahead?.park).not.toHaveProperty("prelude");
});

test("for a key without forks it waits by itself", () => {
  const ahead = aheadOf(wanted("python", "1", { request: { args: [], env: {}, fork: "off" } }));
  expect(ahead?.park).toMatchObject({ mode: "wait" });
  expect(ahead?.park).not.toHaveProperty("prelude");
});

const wantedCompile: WantedCompile = {
  argv: ["java", "Ahead", "Main.java"],
  request: { env: {} },
  compile: wanted("java", "").run,
  entry: "Main.java",
  usualEntry: "Main.java",
};

test("a compiler waits for the usual file, or for one caller's own", () => {
  const { argv } = wantedCompile;
  const ahead = compilerAheadOf(wantedCompile);
  expect(ahead).toMatchObject({ argv, isOwn: false, park: { mode: "wait", entry: "Main.java" } });
  expect(compilerAheadOf({ ...wantedCompile, entry: "Own.java" })).toMatchObject({ isOwn: true });
});

test.each<[string, Partial<WantedCompile>]>([
  ["a caller's variables", { request: { env: { JAVA_TOOL_OPTIONS: "-agentlib:x" } } }],
  ["a file in a folder", { entry: "app/Main.java" }],
])("a compiler never sees ahead %s", (_what, more) => {
  expect(compilerAheadOf({ ...wantedCompile, ...more })).toBeUndefined();
});
