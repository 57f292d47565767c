/**
 * @module
 * The provider that a request asks for.
 */
import { GloveboxError } from "../core/errors.ts";
import type { Provider } from "../core/provider.ts";
import type { ServiceOptions } from "./service-options.ts";

/**
 * @param name Absent: the default.
 * @throws {GloveboxError} `NOT_ALLOWED` for one that is not served.
 */
export function namedProvider(
  { provider, otherProviders = [] }: Pick<ServiceOptions, "provider" | "otherProviders">,
  name: string | undefined,
): Provider {
  if (name === undefined) return provider;
  const providers = [provider, ...otherProviders];
  const found = providers.find((candidate) => candidate.name === name);
  if (found !== undefined) return found;
  const names = providers.map((candidate) => `\`${candidate.name}\``).join(", ");
  throw new GloveboxError(
    "NOT_ALLOWED",
    `provider: ${JSON.stringify(name.slice(0, 80))} can't be asked for here, only ${names}. A server's operator adds it to \`allowedProviders\`.`,
    { field: "provider" },
  );
}
