import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { variableTable } from "./environment.ts";
import { loadConfig } from "./load-config.ts";
import { defaultServerConfig } from "./server-config.ts";

const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");

/** The rows of the page's table: field, variables, default, range, meaning; without back-ticks. */
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );

test("docs/configuration.md has every field and variable, and no other", () => {
  const documented = rows.flatMap(([path, variables = ""]) =>
    variables.split(", ").map((variable) => `${variable} ${path ?? ""}`),
  );
  expect(documented.sort()).toEqual(variableTable.map((row) => row.join(" ")).sort());
});

/** On the machine. */
const dependent = ["concurrency", "memory", "docker.poolSize", "pools.size", "pools.memory"];

test("the defaults in docs/configuration.md, written into the environment, change nothing", () => {
  const env = Object.fromEntries(
    rows
      .filter(([path = ""]) => !dependent.includes(path))
      .map(([, variables = "", value = ""]) => [variables.split(", ")[0] ?? "", value]),
  );
  expect(loadConfig({ env, overrides: {}, cwd: "/nonexistent" })).toEqual(defaultServerConfig());
});

test("the ranges in docs/configuration.md are taken at both ends, and not beyond", () => {
  const ranged = rows.filter(([, , , range = ""]) => range.includes(" to "));
  expect(ranged.length).toBeGreaterThan(15);
  for (const [path = "", variables = "", , range = ""] of ranged) {
    const [variable = ""] = variables.split(", ");
    for (const value of range.split(" to ")) {
      const raiseMax = path.startsWith("limits.default")
        ? { [variable.replace("DEFAULT", "MAX")]: range.split(" to ")[1] ?? "" }
        : {};
      const lowerDefault = path.startsWith("limits.max")
        ? { [variable.replace("MAX", "DEFAULT")]: range.split(" to ")[0] ?? "" }
        : {};
      const env = { ...raiseMax, ...lowerDefault, [variable]: value };
      expect(() => loadConfig({ env, overrides: {}, cwd: "/nonexistent" }), value).not.toThrow();
    }
    const beyond = {
      [variable]: (range.split(" to ")[1] ?? "").replace(/^\d+/, (n) => `${+n + 1}`),
    };
    expect(() => loadConfig({ env: beyond, overrides: {}, cwd: "/nonexistent" }), path).toThrow(
      variable,
    );
  }
});
