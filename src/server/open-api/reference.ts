/**
 * @module
 * The reference: GET /openapi.json, an OpenAPI 3.1 document made of the routes' own schemas, and
 * GET /docs, a page that shows it.
 */
import swagger from "@fastify/swagger";
import type { FastifyInstance, RouteOptions } from "fastify";
import {
  createJsonSchemaTransform,
  createJsonSchemaTransformObject,
} from "fastify-type-provider-zod";
import { z } from "zod";
import { answeredSchema, askSchema } from "../asks/schemas.ts";
import { processSchema, subjectSchema } from "../asks/subject-schema.ts";
import { executionSchema } from "../executions/schemas.ts";
import { executeAnswerSchema } from "../schemas.ts";
import { addDocsPage } from "./docs-page.ts";
import { finishDocument, type OpenApiDocument } from "./document.ts";
import { operations } from "./operations.ts";

export interface ReferenceOptions {
  /** Of Glovebox. */
  readonly version: string;
}

/** Bodies: names in the document, without the `Input` that is put behind them. */
const bodyNames: Readonly<Record<string, string>> = {
  "/v1/execute": "Execute",
  "/v1/executions": "Submit",
  "/v1/executions/batch": "Batch",
  "/v1/asks/:id": "Answer",
  "/v1/shares": "Share",
};

/** Must be called before the routes are added: it learns them as they come. */
export function addReference(app: FastifyInstance, { version }: ReferenceOptions): void {
  const schemaRegistry = namedSchemas();
  app.addHook("onRoute", ({ url, schema }) => {
    const name = bodyNames[url];
    if (name !== undefined && schema?.body instanceof z.ZodType)
      schemaRegistry.add(schema.body, { id: name });
  });
  const toJsonSchema = createJsonSchemaTransform({ schemaRegistry });
  const addComponents = createJsonSchemaTransformObject({ schemaRegistry });
  void app.register(swagger, {
    openapi: { openapi: "3.1.0", info: { title: "Glovebox", version } },
    transform: (route) => {
      const isShown = nameOf(route.route) in operations;
      // The plug-in for WebSockets hides its routes.
      const schema = { ...route.schema, hide: !isShown };
      return toJsonSchema({ ...route, schema });
    },
    transformObject: (document) =>
      finishDocument(addComponents(document as never) as OpenApiDocument, operations) as never,
  });
  // Behind the plug-in, which then sees it.
  app.after(() => {
    addDocumentRoute(app);
  });
  addDocsPage(app, version);
}

function addDocumentRoute(app: FastifyInstance): void {
  let text: string | undefined;
  app.route({
    method: "GET",
    url: "/openapi.json",
    config: { access: "public" },
    handler: async (_request, reply) => {
      text ??= JSON.stringify(app.swagger());
      return reply.type("application/json").send(text);
    },
  });
}

const nameOf = ({ method, url }: RouteOptions): string => `${[method].flat().join()} ${url}`;

/** What more than one endpoint answers with is written once. */
function namedSchemas() {
  const { compile, enforcement } = executeAnswerSchema.shape;
  const registry = z.registry<{ id: string }>();
  registry.add(executeAnswerSchema, { id: "ExecuteAnswer" });
  registry.add(compile.unwrap(), { id: "Phase" });
  registry.add(enforcement, { id: "Enforcement" });
  registry.add(subjectSchema, { id: "Subject" });
  registry.add(processSchema, { id: "AskingProcess" });
  registry.add(askSchema, { id: "Ask" });
  registry.add(answeredSchema, { id: "Answered" });
  registry.add(executionSchema, { id: "Execution" });
  registry.add(executionSchema.shape.error.unwrap(), { id: "Failure" });
  return registry;
}
