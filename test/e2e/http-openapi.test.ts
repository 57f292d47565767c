/**
 * @module
 * The reference: its document, which docs/openapi.json repeats (`npm run openapi` writes it), and its page.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { executionSchema } from "../../src/server/executions/schemas.ts";
import {
  batchExample,
  endedExample,
  executeExample,
  queuedExample,
  reportExample,
} from "../../src/server/open-api/examples.ts";
import { operations } from "../../src/server/open-api/operations.ts";
import { executeAnswerSchema } from "../../src/server/schemas.ts";
import { request, startServer, type RunningServer } from "./http-fixture.ts";

const documentPath = fileURLToPath(new URL("../../docs/openapi.json", import.meta.url));
const packagePath = new URL("../../package.json", import.meta.url);

let server: RunningServer;
const routes = new Set<string>();
const secret = "a-key-that-can-be-read-here";
beforeAll(async () => {
  server = await startServer(
    { server: { auth: "required" } },
    (app) => {
      app.addHook("onRoute", ({ method, url }) => {
        for (const name of [method].flat()) if (name !== "HEAD") routes.add(`${name} ${url}`);
      });
    },
    async ({ keyring }) => {
      await keyring.create({ name: "a", scopes: ["run"], rules: {}, secret, now: Date.now() });
    },
  );
});
afterAll(async () => server[Symbol.asyncDispose]());

/** The parts of OpenAPI 3.1 that the document may have: strict, so that a slip is no extension. */
const schemaObject: z.ZodType = z.lazy(() =>
  z.strictObject({
    $ref: z.string().startsWith("#/components/schemas/").optional(),
    type: z.union([jsonType, z.array(jsonType)]).optional(),
    description: z.string().optional(),
    enum: z.array(z.unknown()).optional(),
    const: z.unknown().optional(),
    pattern: z.string().optional(),
    minLength: z.int().optional(),
    maxLength: z.int().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    minItems: z.int().optional(),
    maxItems: z.int().optional(),
    items: schemaObject.optional(),
    anyOf: z.array(schemaObject).optional(),
    oneOf: z.array(schemaObject).optional(),
    properties: z.record(z.string(), schemaObject).optional(),
    required: z.array(z.string()).optional(),
    propertyNames: schemaObject.optional(),
    additionalProperties: z.union([z.boolean(), schemaObject]).optional(),
  }),
);
const jsonType = z.enum(["string", "number", "integer", "boolean", "object", "array", "null"]);
const content = z.record(
  z.string().includes("/"),
  z.strictObject({ schema: schemaObject, example: z.unknown().optional() }),
);
const operationObject = z.strictObject({
  operationId: z.string(),
  tags: z.array(z.string()).length(1),
  summary: z.string().min(1),
  description: z.string().min(1),
  security: z.array(z.never()).optional(),
  parameters: z
    .array(
      z.strictObject({
        name: z.string(),
        in: z.enum(["path", "query", "header"]),
        required: z.boolean().optional(),
        description: z.string().min(1),
        schema: schemaObject,
      }),
    )
    .optional(),
  requestBody: z.strictObject({ required: z.literal(true), content }).optional(),
  responses: z.record(
    z.string().regex(/^[1-5]\d\d$/),
    z.strictObject({
      description: z.string().min(1),
      headers: z
        .record(z.string(), z.strictObject({ description: z.string(), schema: schemaObject }))
        .optional(),
      content: content.optional(),
    }),
  ),
});
const documentSchema = z.strictObject({
  openapi: z.literal("3.1.0"),
  info: z.strictObject({
    title: z.string(),
    version: z.string(),
    description: z.string(),
    license: z.strictObject({ name: z.string(), identifier: z.string() }),
  }),
  servers: z.array(z.strictObject({ url: z.string() })),
  security: z.array(z.record(z.string(), z.array(z.never()))),
  tags: z.array(z.strictObject({ name: z.string(), description: z.string() })),
  paths: z.record(
    z.string().startsWith("/"),
    z.partialRecord(z.enum(["get", "post", "delete"]), operationObject),
  ),
  components: z.strictObject({
    schemas: z.record(z.string().regex(/^\w+$/), schemaObject),
    securitySchemes: z.record(z.string(), z.looseObject({ type: z.string() })),
  }),
});

async function readDocument() {
  const { status, body } = await request(`${server.url}/openapi.json`);
  expect(status).toBe(200);
  return documentSchema.parse(body);
}

describe("GET /openapi.json", () => {
  test("is OpenAPI 3.1, and all that it refers to is there", async () => {
    const document = await readDocument();
    const names = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name = ""]) => name,
    );
    expect(Object.keys(document.components.schemas)).toEqual([...new Set(names)].sort());
    const all = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, ...operation })),
    );
    const ids = all.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const tags = document.tags.map(({ name }) => name);
    const schemes = Object.keys(document.components.securitySchemes);
    expect(document.security.flatMap((each) => Object.keys(each))).toEqual(schemes);
    for (const { path, parameters = [], responses, tags: own } of all) {
      expect(tags).toEqual(expect.arrayContaining(own));
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const described = parameters.filter((each) => each.in === "path");
      expect(described.map(({ name, required }) => [name, required])).toEqual(
        inPath.map((name) => [name, true]),
      );
      expect(Object.keys(responses).some((status) => /^[12]/.test(status))).toBe(true);
    }
  });

  test("has each native endpoint, and no others", async () => {
    const { paths } = await readDocument();
    const native = [...routes].filter((name) => name.includes(" /v1/"));
    expect(Object.keys(operations)).toEqual(expect.arrayContaining(native));
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(
        (method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`,
      ),
    );
    expect(documented.sort()).toEqual(Object.keys(operations).sort());
  });

  test("says what each field of the named shapes means", async () => {
    const { components } = await readDocument();
    const fields = (schema: unknown, path: string): string[] => {
      const { properties = {}, items } = schema as {
        properties?: Record<string, { description?: string }>;
        items?: unknown;
      };
      const own = Object.entries(properties).flatMap(([name, field]) => [
        ...(field.description === undefined && !("$ref" in field) ? [`${path}.${name}`] : []),
        ...fields(field, `${path}.${name}`),
      ]);
      return items === undefined ? own : [...own, ...fields(items, path)];
    };
    const missing = Object.entries(components.schemas).flatMap(([name, schema]) =>
      name === "Enforcement" || name === "Error" ? [] : fields(schema, name),
    );
    expect(missing).toEqual([]);
  });

  test("is what docs/openapi.json has", async () => {
    const document = await readDocument();
    const { version } = JSON.parse(readFileSync(packagePath, "utf8")) as { version: string };
    const info = { ...document.info, version };
    const text = await format(JSON.stringify({ ...document, info }), {
      parser: "json",
      printWidth: 100,
    });
    await expect(text).toMatchFileSnapshot(documentPath);
  });
});

describe("the reference's examples", () => {
  test.each([
    ["/v1/execute", executeExample, 200],
    ["/v1/executions", executeExample, 202],
    ["/v1/executions/batch", batchExample, 202],
  ])("of POST %s is accepted", async (path, body, expected) => {
    const { status, body: answer } = await request(server.url + path, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${secret}` },
      body: JSON.stringify(body),
    });
    expect([status, answer]).toEqual([expected, expect.anything()]);
  });

  test("of answers have the answers' shapes", () => {
    expect(executeAnswerSchema.parse(reportExample)).toEqual(reportExample);
    for (const example of [queuedExample, endedExample])
      expect(executionSchema.parse(example)).toEqual(example);
  });
});

describe("GET /docs", () => {
  test("is a page that loads only what is here", async () => {
    const response = await fetch(`${server.url}/docs`);
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    const page = await response.text();
    const links = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = ""]) => link);
    expect(links.length).toBeGreaterThan(2);
    for (const link of links) {
      const url = new URL(link, response.url);
      expect(url.origin).toBe(server.url);
      const { status, headers, body } = await fetch(url);
      await body?.cancel();
      expect([url.pathname, status]).toEqual([url.pathname, 200]);
      expect(headers.get("content-type")).toMatch(/^(text\/(css|javascript)|image\/png)/);
    }
    expect((await fetch(`${server.url}/docs/`)).url).toBe(`${server.url}/docs`);
    expect((await fetch(`${server.url}/docs/package.json`)).status).toBe(404);
  });

  test("needs no key, where the rest does", async () => {
    const paths = ["/docs", "/docs/start.js", "/openapi.json", "/v1/info"];
    const answers = await Promise.all(paths.map((path) => fetch(server.url + path)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 401]);
    for (const { body } of answers) await body?.cancel();
  });
});
