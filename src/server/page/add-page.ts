/**
 * @module
 * The playground: pages for people, and the files that they are made of. All of it is of this server.
 */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { packageFolder } from "../../util/package-folder.ts";
import { addFrame } from "./frame.ts";
import { pageHeaders } from "./page-headers.ts";

/** Names of files have a hash of their content. */
const ASSET_MAX_AGE = "365d";
const NONCE_BYTES = 18;

/** Where a page lies, and the way from there to the root: a proxy may have added to the path. */
const pages = [
  { url: "/", base: "./" },
  { url: "/admin", base: "./" },
  { url: "/s/:id", base: "../" },
] as const;

/** The page needs no key: it has no data but what its user's browser asks for. */
const config = { access: "public" } as const;

export function addPage(app: FastifyInstance): void {
  const folder = join(packageFolder(), "dist/web");
  const read = readOnce(join(folder, "index.html"));
  addAssets(app, join(folder, "assets"));
  addFrame(app);
  addEmbed(app, folder);
  for (const { url, base } of pages) {
    app.route({
      method: "GET",
      url,
      config,
      handler: async (request, reply) => sendPage(request, reply, { html: await read(), base }),
    });
  }
}

function addAssets(app: FastifyInstance, folder: string): void {
  void app.register(async (scope) => {
    scope.addHook("onRoute", (route) => {
      route.config = { ...route.config, ...config };
    });
    await scope.register(fastifyStatic, {
      root: folder,
      prefix: "/assets/",
      ...{ index: false, dotfiles: "deny", decorateReply: false },
      ...{ preCompressed: true, immutable: true, maxAge: ASSET_MAX_AGE },
      setHeaders: (reply) => {
        reply.setHeader("x-content-type-options", "nosniff");
      },
    });
  });
}

/** Of another site's page: it looks again after this. */
const EMBED_MAX_AGE_S = 3600;

function addEmbed(app: FastifyInstance, folder: string): void {
  const read = readOnce(join(folder, "embed.js"));
  app.route({
    method: "GET",
    url: "/embed.js",
    config: { ...config, isForAnySite: true },
    handler: async (_request, reply) =>
      reply
        .type("text/javascript; charset=utf-8")
        .header("cache-control", `max-age=${EMBED_MAX_AGE_S}`)
        .header("cross-origin-resource-policy", "cross-origin")
        .header("x-content-type-options", "nosniff")
        .send(await read()),
  });
}

interface Page {
  readonly html: string;
  readonly base: string;
}

function sendPage(request: FastifyRequest, reply: FastifyReply, { html, base }: Page): unknown {
  // Its addresses would begin a level too deep.
  const [path = "", query] = request.url.split("?");
  if (path.length > 1 && path.endsWith("/")) {
    const target = `../${path.split("/").at(-2) ?? ""}`;
    return reply.redirect(query === undefined ? target : `${target}?${query}`);
  }
  const nonce = randomBytes(NONCE_BYTES).toString("base64");
  const text = html.replaceAll("__NONCE__", nonce).replaceAll('"./', `"${base}`);
  return reply
    .headers(pageHeaders(nonce))
    .type("text/html; charset=utf-8")
    .header("cache-control", "no-store")
    .send(text);
}

/** Most servers are never asked for it. */
function readOnce(path: string): () => Promise<string> {
  let text: Promise<string> | undefined;
  return () => (text ??= readFile(path, "utf8"));
}
