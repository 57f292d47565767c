import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let checkout: string;
const at = (path: string): string => join(checkout, path);

/** A checkout with one source, and a build that was made from it. */
beforeEach(() => {
  checkout = realpathSync(mkdtempSync(join(tmpdir(), "glovebox-stale-test-")));
  mkdirSync(at("scripts/lib"), { recursive: true });
  mkdirSync(at("src/part"), { recursive: true });
  mkdirSync(at("dist"));
  cpSync(join(import.meta.dirname, "artifacts.mjs"), at("scripts/lib/artifacts.mjs"));
  writeFileSync(at("src/part/one.ts"), "1");
  writeFileSync(at("dist/cli.js"), "built");
  run("writeStamp(artifacts.program, readInputs(artifacts.program))");
});

afterEach(() => {
  rmSync(checkout, { recursive: true });
});

/** In a process of its own, as at each start: the module knows its checkout by its own place. */
function run(expression: string): string {
  const script = `import { artifacts, isStale, readInputs, writeStamp } from "./scripts/lib/artifacts.mjs";
process.stdout.write(String(${expression}));`;
  return execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: checkout,
    encoding: "utf8",
  });
}

const isStale = (): boolean => run("isStale(artifacts.program)") === "true";
const past = new Date("2001-01-01");

describe("a build", () => {
  test("is fresh as long as nothing happens", () => {
    expect(isStale()).toBe(false);
  });

  test.each<[string, () => void]>([
    ["an edit", () => writeFileSync(at("src/part/one.ts"), "2 and more")],
    ["an edit that keeps the size", () => writeFileSync(at("src/part/one.ts"), "2")],
    [
      "an edit that is dated back",
      () => {
        utimesSync(at("src/part/one.ts"), past, past);
        run("writeStamp(artifacts.program, readInputs(artifacts.program))");
        writeFileSync(at("src/part/one.ts"), "2");
        utimesSync(at("src/part/one.ts"), past, past);
      },
    ],
    ["an added file", () => writeFileSync(at("src/part/two.ts"), "2")],
    ["an added folder", () => cpSync(at("src/part"), at("src/other"), { recursive: true })],
    ["a removed file", () => rmSync(at("src/part/one.ts"))],
    ["another name", () => renameSync(at("src/part/one.ts"), at("src/part/two.ts"))],
    [
      "an older file in its place",
      () => {
        writeFileSync(at("old"), "0");
        utimesSync(at("old"), past, past);
        renameSync(at("old"), at("src/part/one.ts"));
      },
    ],
    ["a lost output", () => rmSync(at("dist/cli.js"))],
    ["a stamp that was cut short", () => writeFileSync(at("dist/.program.stamp"), "{")],
  ])("is stale after %s", (_name, change) => {
    change();
    expect(isStale()).toBe(true);
    // To look does not mend it.
    expect(isStale()).toBe(true);
  });

  test("is fresh with other times and the same content, which is then read only once", () => {
    const stamp = readFileSync(at("dist/.program.stamp"), "utf8");
    utimesSync(at("src/part/one.ts"), past, past);
    expect(isStale()).toBe(false);
    expect(readFileSync(at("dist/.program.stamp"), "utf8")).not.toBe(stamp);
    expect(isStale()).toBe(false);
    writeFileSync(at("src/part/one.ts"), "2");
    expect(isStale()).toBe(true);
  });

  test("does not depend on tests, hidden files and what editors leave", () => {
    for (const name of ["one.test.ts", ".one.ts.swp", "one.ts~"]) {
      writeFileSync(at(`src/part/${name}`), "");
    }
    expect(isStale()).toBe(false);
  });
});
