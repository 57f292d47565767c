import { afterAll } from "vitest";
import { providerLoaders } from "../../src/providers/index.ts";
import { createRemoteProvider } from "../../src/providers/remote/index.ts";
import { startSandboxServer, type SandboxServer } from "../helpers/remote/sandbox-server.ts";
import { skipUnless } from "../helpers/require.ts";
import { describeProvider } from "./suite.ts";

const tests = (reason: string, ...names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [name, reason]));

const linux = await providerLoaders.linux();
const { available, reason } = await linux.probe();

let server: SandboxServer | undefined;
afterAll(() => server?.[Symbol.asyncDispose]());

describeProvider(
  async () => {
    server = await startSandboxServer(linux, {
      // What the suite asks for, which is more than a stranger gets.
      config: {
        concurrency: 16,
        memory: "64GiB",
        network: { allowed: ["none", "all"] },
        limits: { max: { output: "1GiB" } },
        artifacts: { files: 10_000, size: "64MiB" },
      },
    });
    return createRemoteProvider({ url: server.url });
  },
  {
    name: "remote, a server with linux",
    skipReason: skipUnless("linux", available ? undefined : reason),
    exceptions: {
      ...tests(
        "a folder of the client is not the server's to show",
        "a mounted folder can be read",
        "a folder mounted read-only can't be changed",
        "what a program writes into a mounted folder is the caller's",
        "a mounted folder stays when its sandbox goes",
        "collects from a mounted folder, ro",
        "collects from a mounted folder, rw",
      ),
      ...tests(
        "a program of the client is not the server's to show",
        "shows a lent program of the host at its path and in PATH",
      ),
    },
  },
);
