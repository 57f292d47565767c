/**
 * @module
 * GET /docs: the reference as a page that can be read, and tried. All that it loads is of this server.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { FastifyInstance, FastifyReply } from "fastify";

/** Swagger UI, as its package has it. */
const assets = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "favicon-32x32.png": "image/png",
} as const;

/** A page that shows what a program wrote must not become that program's. */
const pageHeaders = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

const ASSET_MAX_AGE_S = 86_400;

// Addresses are relative: right behind a proxy that adds to the path, too.
const page = (version: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Glovebox API</title>
<link rel="stylesheet" href="docs/swagger-ui.css?v=${version}">
<link rel="icon" type="image/png" href="docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js?v=${version}"></script>
<script src="docs/start.js?v=${version}"></script>
</body>
</html>
`;

const startScript = `SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  // A key that was typed is gone with the page.
  persistAuthorization: false,
});
`;

export function addDocsPage(app: FastifyInstance, version: string): void {
  const route = (url: string, send: (reply: FastifyReply, address: string) => unknown): void => {
    app.route({
      method: "GET",
      url,
      config: { access: "public" },
      handler: async (request, reply) => send(reply.headers(pageHeaders), request.url),
    });
  };
  route("/docs", (reply, address) => {
    // The page's addresses would begin a level too deep.
    if (/\/(?:\?|$)/.test(address)) return reply.redirect("../docs");
    return reply.type("text/html; charset=utf-8").send(page(encodeURIComponent(version)));
  });
  route("/docs/start.js", (reply) =>
    reply.type("text/javascript; charset=utf-8").send(startScript),
  );
  for (const [name, type] of Object.entries(assets)) {
    const read = readOnce(name);
    route(`/docs/${name}`, async (reply) =>
      reply
        .type(type)
        .header("cache-control", `max-age=${ASSET_MAX_AGE_S}`)
        .send(await read()),
    );
  }
}

/** Most servers are never asked for it. */
function readOnce(name: string): () => Promise<Buffer> {
  let content: Promise<Buffer> | undefined;
  return () => (content ??= readFile(join(assetFolder(), name)));
}

function assetFolder(): string {
  const require = createRequire(import.meta.url);
  return dirname(require.resolve("@fastify/swagger-ui/static/swagger-ui.css"));
}
