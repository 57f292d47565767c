/**
 * @module
 * /api/v2/packages: what there is, and how to get it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { errorCatalog } from "../../../core/errors.ts";
import { showText } from "../../../util/show-value.ts";
import type { ServerContext } from "../../server-options.ts";
import { findInstalled, keyNames } from "./installed.ts";
import {
  findPackage,
  pistonPackages,
  refuseInstalling,
  refuseRemoving,
  type PistonPackage,
} from "./packages.ts";

export function addPackageRoutes(scope: FastifyInstance, context: ServerContext): void {
  const { languages } = context.service.languages;
  const find = async (reply: FastifyReply): Promise<readonly PistonPackage[] | undefined> => {
    const runtimes = await findInstalled(context, reply, languages);
    return runtimes && pistonPackages(languages, runtimes);
  };
  scope.route({
    method: "GET",
    url: "/packages",
    config: { keyNames },
    handler: async (_request, reply) => {
      const packages = await find(reply);
      if (packages === undefined) return reply.hijack();
      return packages.map(({ language, version, isInstalled }) => ({
        language,
        language_version: version,
        installed: isInstalled,
      }));
    },
  });
  scope.route({
    method: ["POST", "DELETE"],
    url: "/packages",
    config: { access: "admin", keyNames },
    handler: async (request, reply) => {
      const packages = await find(reply);
      if (packages === undefined) return reply.hijack();
      return refuse(request, reply, packages, context.service.defaultProvider);
    },
  });
}

function refuse(
  { body, method }: FastifyRequest,
  reply: FastifyReply,
  packages: readonly PistonPackage[],
  provider: string,
): FastifyReply {
  const { language, version } = (body ?? {}) as Readonly<Record<string, unknown>>;
  const [name, selector] = [language, version].map((value) =>
    typeof value === "string" ? value : typeof value,
  ) as [string, string];
  const found = findPackage(packages, name, selector);
  if (found === undefined) {
    const message = `Requested package ${showText(name)}-${showText(selector)} does not exist`;
    return reply.code(errorCatalog.NOT_FOUND.status).send({ message });
  }
  const isInstalling = method === "POST";
  if (found.isInstalled === isInstalling) {
    const message = isInstalling ? "Already installed" : "Not installed";
    // Piston's own status for it.
    return reply.code(500).send({ message });
  }
  throw isInstalling ? refuseInstalling(found, provider) : refuseRemoving(found, provider);
}
