import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createBuiltins } from "./builtins.ts";
import { complete } from "./complete.ts";
import { openHistory, searchHistory } from "./history.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glovebox-shell-test-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("completion", () => {
  test.each<[line: string, words: readonly string[]]>([
    ["hel", ["help "]],
    ["mode ", ["vi ", "emacs "]],
    ["mode e", ["emacs "]],
    ["ls | so", ["sort "]],
    ["ls && my", ["my-alias "]],
    ["cat fi", ["file.txt "]],
    ["cat ./", ["./a\\ b ", "./file.txt ", "./sub/"]],
    ["cat sub/", ["sub/inner "]],
    ["cat a\\ ", ["a\\ b "]],
    ["cat a", ["a\\ b "]],
    ["cat > fi", ["file.txt "]],
    ["cd ", ["sub/"]],
    ["./fi", ["./file.txt "]],
    ["cat .h", [".hidden "]],
    ["cat ~/fi", ["~/file.txt "]],
    ["nothing-like-this", []],
  ])("%j", (line, words) => {
    writeFileSync(join(folder, "file.txt"), "");
    writeFileSync(join(folder, "a b"), "");
    writeFileSync(join(folder, ".hidden"), "");
    writeFileSync(join(folder, "with\nnewline"), "");
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "sub/inner"), "");
    const commands = (): readonly string[] => ["sort", "my-alias"];
    const found = complete(line, { builtins: createBuiltins(), folder, home: folder, commands });
    expect(found.words.filter((word) => !word.startsWith("history"))).toEqual(words);
    expect(line.endsWith(found.typed)).toBe(true);
  });
});

describe("history", () => {
  test("outlives the shell, for its user alone", () => {
    const file = join(folder, "state/history");
    const first = openHistory(file);
    for (const line of ["ls", "ls", " secret", "", "echo 'a\nb'"]) first.add(line);
    expect(openHistory(file).lines).toEqual(["ls", "echo 'a\nb'"]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test("does not grow without end", () => {
    const file = join(folder, "history");
    writeFileSync(file, Array.from({ length: 6000 }, (_, index) => `"line ${index}"\n`).join(""));
    expect(openHistory(file).lines).toHaveLength(5000);
    expect(readFileSync(file, "utf8").split("\n")).toHaveLength(5001);
  });

  test("keeps the latest of lines that are long", () => {
    const file = join(folder, "history");
    const long = (index: number): string => `${index} ${"x".repeat(100_000)}`;
    const all = Array.from({ length: 50 }, (_, index) => `${JSON.stringify(long(index))}\n`);
    writeFileSync(file, all.join(""));
    const { lines } = openHistory(file);
    expect(lines.at(-1)).toBe(long(49));
    expect(lines.length).toBeGreaterThan(30);
    expect(statSync(file).size).toBeLessThan(4 * 1024 * 1024 + 1);
    expect(openHistory(file).lines).toEqual(lines);
  });

  test.each(["not json\n", "5\n[1]\n", "\u0000\u0001"])("%j in its file is left out", (text) => {
    const file = join(folder, "history");
    writeFileSync(file, `${text}\n"good"\n`);
    expect(openHistory(file).lines).toEqual(["good"]);
  });

  test("what can't be written is no failure", () => {
    writeFileSync(join(folder, "file"), "");
    const history = openHistory(join(folder, "file/below"));
    history.add("ls");
    expect(history.lines).toEqual(["ls"]);
  });

  test("is searched backwards, whatever the case", () => {
    const lines = ["Make all", "ls", "make test"];
    expect(searchHistory(lines, "MAKE", Infinity)).toBe(2);
    expect(searchHistory(lines, "make", 2)).toBe(0);
    expect(searchHistory(lines, "nothing", 3)).toBe(-1);
  });
});
