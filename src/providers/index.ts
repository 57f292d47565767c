/**
 * @module
 * The ways to isolate, by name. Each is loaded only when it is asked for.
 */
import type { Provider } from "../core/provider.ts";

/** @throws {GloveboxError} `PROVIDER_UNAVAILABLE` where something that the provider is made of is missing. */
export const providerLoaders = {
  linux: async (): Promise<Provider> => {
    const { createLinuxProvider } = await import("./linux/index.ts");
    const { locateLauncher } = await import("./linux/locate-launcher.ts");
    return createLinuxProvider({ launcherPath: await locateLauncher() });
  },
  process: async (): Promise<Provider> => {
    const { createProcessProvider } = await import("./process/index.ts");
    return createProcessProvider();
  },
} as const satisfies Record<string, () => Promise<Provider>>;
