/**
 * @module
 * A registry for a Docker daemon of the tests to pull from, in its network: Debian's.
 */
import type { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DockerdUser } from "./dockerd.ts";
import { smallTags } from "./images.ts";
import { startInside } from "./namespaces.ts";

export interface Registry {
  /** `127.0.0.1:PORT`: the daemon speaks plain HTTP with a registry on its loopback. */
  readonly address: string;
  /**
   * Puts an image of the daemon there, and takes that name from the daemon again.
   * @returns The name to pull: `127.0.0.1:PORT/TAG`.
   */
  push(tag: string): Promise<string>;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 20_000;
const FIRST_PORT = 20_000;
const PORTS = 10_000;

/** Starts it with the tiny image in it, so that `127.0.0.1:PORT/tiny:1` can be pulled. */
export async function startRegistry(dockerd: DockerdUser): Promise<Registry> {
  // Test files are processes, and those that share a daemon share its ports.
  const address = `127.0.0.1:${FIRST_PORT + (process.pid % PORTS)}`;
  const configFile = join(dockerd.folder, `registry-${process.pid}.yml`);
  const storage = join(dockerd.folder, "root", `registry-${process.pid}`);
  writeFileSync(
    configFile,
    `version: 0.1
storage: { filesystem: { rootdirectory: "${storage}" } }
http: { addr: "${address}" }
`,
  );
  const server = startInside(dockerd, ["docker-registry", "serve", configFile]);
  const registry: Registry = {
    address,
    push: async (tag) => {
      const name = `${address}/${tag}`;
      await dockerd.docker("tag", tag, name);
      await dockerd.docker("push", "--quiet", name);
      await dockerd.docker("rmi", name);
      return name;
    },
    stop: () => server.kill9(),
  };
  try {
    await waitForText(server.child, `listening on ${address}`);
    await registry.push(smallTags.tiny);
    return registry;
  } catch (error) {
    await registry.stop();
    throw error;
  }
}

/** Its log goes to stderr, and is read to the end: a full pipe would stop it. */
function waitForText(child: ChildProcess, wanted: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = "";
    const fail = (): void => reject(new Error(`docker-registry does not start:\n${log}`));
    const timer = setTimeout(fail, START_TIMEOUT_MS);
    child.on("exit", fail);
    child.stdout!.resume();
    child.stderr!.on("data", (chunk: Buffer) => {
      if (log.includes(wanted)) return;
      log += chunk.toString("utf8");
      if (!log.includes(wanted)) return;
      clearTimeout(timer);
      resolve();
    });
  });
}
