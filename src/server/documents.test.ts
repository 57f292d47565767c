import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { defaultServerConfig } from "../config/server-config.ts";
import { limitNames, limitTable } from "../core/limits.ts";
import { snakeCase } from "../util/snake-case.ts";
import { submitBodySchema } from "./executions/schemas.ts";
import { executeAnswerSchema, executeBodySchema } from "./schemas.ts";

const page = readFileSync(new URL("../../docs/http-api.md", import.meta.url), "utf8");
const config = defaultServerConfig();

/** Names in the first cells of the tables of one endpoint. */
const documented = (endpoint: string): readonly string[] =>
  (page.split(`\n## ${endpoint}\n`)[1]?.split("\n## ")[0] ?? "")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap((line) => [...(line.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)])
    .map(([, name = ""]) => name);

/** `limits.processes`, `files[].path`: the leaves of a JSON Schema. */
function leaves(schema: z.core.JSONSchema.JSONSchema, path = ""): string[] {
  const { properties, items } = schema;
  if (properties !== undefined) {
    return Object.entries(properties).flatMap(([name, inner]) =>
      leaves(inner as z.core.JSONSchema.JSONSchema, path === "" ? name : `${path}.${name}`),
    );
  }
  const item = items as z.core.JSONSchema.JSONSchema | undefined;
  return item?.properties === undefined ? [path] : [path, ...leaves(item, `${path}[]`)];
}

test("docs/http-api.md has each field of the request, and each of the answer", () => {
  const phase = executeAnswerSchema.shape.compile.unwrap();
  const { compile, run, ...answer } = executeAnswerSchema.shape;
  const fields = [
    ...leaves(z.toJSONSchema(executeBodySchema(config))),
    ...Object.keys({ ...answer, compile, run }),
    ...leaves(z.toJSONSchema(phase)),
  ];
  expect([...new Set(documented("POST /v1/execute"))].sort()).toEqual([...new Set(fields)].sort());
});

test("docs/http-api.md has each field that an execution which is answered later may have besides", () => {
  const besides = Object.keys(submitBodySchema(config).shape).filter(
    (name) => !(name in executeBodySchema(config).shape),
  );
  expect(documented("POST /v1/executions")).toEqual(besides);
});

test.each(limitNames)("docs/http-api.md tells range and default of %s", (name) => {
  const line = page.split("\n").find((text) => text.startsWith(`| \`limits.${snakeCase(name)}\``));
  const { min } = limitTable[name];
  const { default: defaults, max } = config.limits;
  expect(line).toMatch(
    new RegExp(`from ${min} to ${max[name]}, default ${defaults[name]}\\.`, "i"),
  );
});
