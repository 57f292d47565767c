/**
 * @module
 * Bare processes under the name of a provider that isolates, for tests of what is only kept there.
 */
import type { Provider } from "../../src/core/provider.ts";
import { createProcessProvider } from "../../src/providers/process/index.ts";

/** @param parts In place of its own. */
export function renamedProvider(parts: Partial<Provider> = {}): Provider {
  const real = createProcessProvider();
  return Object.assign(Object.create(real) as Provider, { name: "linux", ...parts });
}
