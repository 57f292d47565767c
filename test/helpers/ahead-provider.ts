/**
 * @module
 * The provider as a server has it: one launcher for all sandboxes, programs that are started ahead.
 */
import type { Provider } from "../../src/core/provider.ts";
import { locateLauncher, locateParkLibrary } from "../../src/launcher/locate-launcher.ts";
import { createLinuxProvider } from "../../src/providers/linux/index.ts";
import type { PoolSettings } from "../../src/providers/linux/ready-sandboxes.ts";
import { skipUnless } from "./require.ts";

const launcherPath = await locateLauncher();
const parkLibraryPath = await locateParkLibrary(launcherPath);

/** Where nothing is kept, each sandbox is made as one that is, and used at once: the default. */
export const createAheadProvider = (pool: Partial<PoolSettings> = {}): Provider =>
  createLinuxProvider({
    launcherPath,
    expects: "many",
    ...(parkLibraryPath === undefined ? {} : { parkLibraryPath }),
    pool: { size: 16, memoryBytes: 2 ** 30, fork: "on", keepsNone: true, ...pool },
  });

/** Each run by itself. */
export const createColdProvider = (): Provider => createLinuxProvider({ launcherPath });

/** Why this host can't start programs ahead; undefined where it can. */
export async function aheadGap(): Promise<string | undefined> {
  const provider = createAheadProvider();
  try {
    const { available, reason } = await provider.probe();
    return (
      skipUnless("linux", available ? undefined : reason) ??
      skipUnless("linux", parkLibraryPath === undefined ? "no park library" : undefined)
    );
  } finally {
    await provider.close();
  }
}
