/**
 * @module
 * /api/v2/packages: what there is, and how to get it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { errorCatalog } from "../../../core/errors.ts";
import type { LoadedLanguage } from "../../../core/language.ts";
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
import { languagesNamed } from "./runtimes.ts";

export function addPackageRoutes(scope: FastifyInstance, context: ServerContext): void {
  const { languages } = context.service.languages;
  const find = async (
    reply: FastifyReply,
    wanted: readonly LoadedLanguage[],
  ): Promise<readonly PistonPackage[] | undefined> => {
    const runtimes = await findInstalled(context, reply, wanted);
    return runtimes && pistonPackages(wanted, runtimes);
  };
  scope.route({
    method: "GET",
    url: "/packages",
    config: { keyNames },
    handler: async (_request, reply) => {
      const packages = await find(reply, languages);
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
      const [name, selector] = wantedOf(request.body);
      const packages = await find(reply, languagesNamed(languages, name));
      if (packages === undefined) return reply.hijack();
      const found = findPackage(packages, name, selector);
      if (found !== undefined)
        return refuse(request, reply, found, context.service.defaultProvider);
      const message = `Requested package ${showText(name)}-${showText(selector)} does not exist`;
      return reply.code(errorCatalog.NOT_FOUND.status).send({ message });
    },
  });
}

/** What is no text is shown as its type, as Piston does with what is missing. */
function wantedOf(body: unknown): readonly [name: string, selector: string] {
  const { language, version } = (body ?? {}) as Readonly<Record<string, unknown>>;
  const textOf = (value: unknown): string => (typeof value === "string" ? value : typeof value);
  return [textOf(language), textOf(version)];
}

function refuse(
  { method }: FastifyRequest,
  reply: FastifyReply,
  found: PistonPackage,
  provider: string,
): FastifyReply {
  const isInstalling = method === "POST";
  if (found.isInstalled === isInstalling) {
    const message = isInstalling ? "Already installed" : "Not installed";
    // Piston's own status for it.
    return reply.code(500).send({ message });
  }
  throw isInstalling ? refuseInstalling(found, provider) : refuseRemoving(found, provider);
}
