/**
 * @module
 * Puts into the OpenAPI document what schemas can't say: texts, errors, examples, who may call.
 */
import { errorCatalog, type ErrorCode } from "../../core/errors.ts";
import { describeFields } from "./field-texts.ts";
import type { SchemaObject } from "./schema-object.ts";
import type { AnswerText, Operation } from "./operation.ts";

/** What this module touches of OpenAPI 3.1. */
export interface OpenApiDocument {
  paths: Record<string, Record<string, OperationObject>>;
  components: { schemas: Record<string, SchemaObject>; securitySchemes?: object };
  [more: string]: unknown;
}

interface OperationObject {
  parameters?: ParameterObject[];
  requestBody?: { content: Record<string, { schema?: unknown; example?: unknown }> };
  responses: Record<string, ResponseObject>;
  [more: string]: unknown;
}

interface ParameterObject {
  name: string;
  in: string;
  description?: string;
  schema: object;
}

interface ResponseObject {
  description: string;
  headers?: object;
  content?: Record<string, { schema?: unknown; example?: unknown }>;
}

const JSON_TYPE = "application/json";
const text = { type: "string" };

const description = `Runs code that nobody has to trust. A failure of the server has one shape, \`Error\`, and a code; the end of a program is no failure, however it ended. Keys go into \`Authorization: Bearer KEY\` or \`X-API-Key: KEY\`, where the server wants them.`;

const tags = [
  { name: "executions", description: "Programs that run: at once, later, live." },
  { name: "server", description: "What this server is and has." },
];

/** @param operations Keys: method and path, `GET /v1/executions/:id`. */
export function finishDocument(
  document: OpenApiDocument,
  operations: Readonly<Record<string, Operation>>,
): OpenApiDocument {
  const { openapi, info, components, paths } = document;
  components.schemas["Error"] = {
    type: "object",
    description: "Every failure of a request.",
    properties: { error: { $ref: "#/components/schemas/Failure" } },
    required: ["error"],
    additionalProperties: false,
  };
  for (const [name, operation] of Object.entries(operations)) {
    const [method = "", url = ""] = name.split(" ");
    const object = paths[url.replace(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()];
    if (object !== undefined) finishOperation(object, operation);
  }
  const finished = {
    openapi,
    info: { ...(info as object), description, license: { name: "MIT", identifier: "MIT" } },
    // Relative to the document: right behind a proxy that adds to the path, too.
    servers: [{ url: "./" }],
    security: [{ bearer: [] }, { apiKey: [] }, {}],
    tags,
    paths: sortKeys(paths),
    components: {
      schemas: usedSchemas(components.schemas, paths),
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
      },
    },
  };
  describeFields(finished.components.schemas);
  return finished;
}

function finishOperation(object: OperationObject, operation: Operation): void {
  const { id, tag, summary, description: about, isPublic = false, bodyExample } = operation;
  Object.assign(object, { operationId: id, tags: [tag], summary, description: about });
  if (isPublic) object["security"] = [];
  finishParameters(object, operation);
  const body = object.requestBody?.content[JSON_TYPE];
  if (body !== undefined) body.example = bodyExample;
  const made = object.responses;
  object.responses = {};
  for (const [status, answer] of Object.entries(operation.answers)) {
    object.responses[status] = toResponse(answer, made[status]?.content?.[JSON_TYPE]?.schema);
  }
  for (const [status, codes] of errorsByStatus(operation)) {
    // What the endpoint itself says by this status comes first.
    object.responses[`${status}`] ??= errorResponse(codes);
  }
}

function finishParameters(
  object: OperationObject,
  { parameters = {}, headers = {} }: Operation,
): void {
  for (const parameter of object.parameters ?? []) {
    const { description: about, schema } = parameters[parameter.name] ?? {};
    if (about !== undefined) parameter.description = about;
    if (schema !== undefined) parameter.schema = schema;
  }
  const known = (object.parameters ?? []).map(({ name }) => name);
  const queries = Object.entries(parameters)
    .filter(([name]) => !known.includes(name))
    .map(([name, { description: about, schema = text }]) => {
      return { name, in: "query", description: about, schema };
    });
  const added = Object.entries(headers).map(([name, about]) => {
    return { name, in: "header", description: about, schema: text };
  });
  const all = [...(object.parameters ?? []), ...queries, ...added];
  if (all.length > 0) object.parameters = all;
}

function toResponse(answer: AnswerText, schema: unknown): ResponseObject {
  const { description: about, contentType, example, headers = {} } = answer;
  const described = Object.entries(headers).map(([name, meaning]) => {
    return [name, { description: meaning, schema: text }];
  });
  const response: ResponseObject = { description: about };
  if (described.length > 0) response.headers = Object.fromEntries(described) as object;
  const media = { ...(example === undefined ? {} : { example }) };
  if (contentType !== undefined) {
    const any = contentType === JSON_TYPE ? { type: "object" } : text;
    response.content = { [contentType]: { schema: any, ...media } };
  }
  if (contentType === undefined && schema !== undefined) {
    response.content = { [JSON_TYPE]: { schema, ...media } };
  }
  return response;
}

function errorsByStatus(operation: Operation): Map<number, ErrorCode[]> {
  const always: ErrorCode[] = ["NOT_ALLOWED", "INTERNAL"];
  if (operation.isPublic !== true) always.push("UNAUTHENTICATED", "RATE_LIMITED");
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of [...operation.errors, ...always]) {
    const { status } = errorCatalog[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return byStatus;
}

function errorResponse(codes: readonly ErrorCode[]): ResponseObject {
  const isRetryable = codes.some((code) => errorCatalog[code].retryable);
  const retryAfter = { description: "Seconds after which trying again may help.", schema: text };
  return {
    description: codes.map((code) => `\`${code}\``).join(", "),
    ...(isRetryable ? { headers: { "Retry-After": retryAfter } } : {}),
    content: { [JSON_TYPE]: { schema: { $ref: "#/components/schemas/Error" } } },
  };
}

/** Of each named schema there is a form for requests and one for answers; most have one use. */
function usedSchemas(
  schemas: Readonly<Record<string, SchemaObject>>,
  paths: unknown,
): Record<string, SchemaObject> {
  const used = new Set<string>();
  const visit = (value: unknown): void => {
    for (const [, name = ""] of JSON.stringify(value).matchAll(
      /"#\/components\/schemas\/(\w+)"/g,
    )) {
      if (used.has(name)) continue;
      used.add(name);
      visit(schemas[name] ?? {});
    }
  };
  visit(paths);
  return sortKeys(Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name))));
}

function sortKeys<T>(object: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
