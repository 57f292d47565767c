/**
 * @module
 * A server process for tests that kill it. The argument is the launcher. Prints its address.
 */
import { createLinuxProvider } from "../../../src/providers/linux/index.ts";
import { startSandboxServer } from "./sandbox-server.ts";

const [launcherPath = ""] = process.argv.slice(2);
const { url } = await startSandboxServer(createLinuxProvider({ launcherPath }));
process.stdout.write(`${url}\n`);
