/**
 * @module
 * `--registry NAME=URL`: where dependencies are installed from. Nothing in a project tells that.
 */
import { invalidRequest } from "../core/errors.ts";
import { ecosystemIds, type EcosystemId } from "../dependencies/ecosystem.ts";
import { oneOf } from "./one-of.ts";

/**
 * @param env `GLOVEBOX_REGISTRY_NPM` and its like; flags win.
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function parseRegistries(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): Readonly<Partial<Record<EcosystemId, string>>> {
  const registries: Partial<Record<EcosystemId, string>> = {};
  for (const name of ecosystemIds) {
    const variable = `GLOVEBOX_REGISTRY_${name.toUpperCase()}`;
    const url = env[variable] ?? "";
    if (url !== "") registries[name] = parseUrl(variable, url);
  }
  for (const word of words) {
    const equals = word.indexOf("=");
    const name = oneOf("--registry", equals < 0 ? word : word.slice(0, equals), ecosystemIds);
    registries[name] = parseUrl("--registry", word.slice(equals + 1));
  }
  return registries;
}

function parseUrl(origin: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username + url.password !== "") {
    throw invalidRequest(
      origin,
      `\`${text}\` is no address of a registry. Write https://HOST/PATH, without a user in it.`,
    );
  }
  return url.href;
}
