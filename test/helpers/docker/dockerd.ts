/**
 * @module
 * A Docker daemon for tests: Debian's, with a socket, images, network and cgroups of its own.
 */
import { execFile } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { findProgram } from "../find-program.ts";
import {
  insideArgv,
  openNamespaces,
  plainEnv,
  startInside,
  type InsideProcess,
  type Place,
} from "./namespaces.ts";

/** A daemon that others may use too. */
export interface DockerdUser extends Place {
  /** `unix:///…/docker.sock`. */
  readonly host: string;
  /**
   * Runs the command-line client against it.
   * @returns stdout, without white space at its end.
   * @throws Error with stderr in its message where the client fails or takes over 60 s.
   */
  readonly docker: (...args: readonly string[]) => Promise<string>;
  /** The command line that runs `argv` in its network, as root of this host. */
  inside(...argv: readonly string[]): string[];
}

export interface Dockerd extends DockerdUser {
  /** Kills the daemon alone: containers and their shims go on until it is started again. */
  kill9(): Promise<void>;
  /** Kills the daemon, and starts it on the same data. */
  restart(): Promise<void>;
  /** Kills all and removes all. */
  stop(): Promise<void>;
}

const CLI_TIMEOUT_MS = 60_000;
const START_TIMEOUT_MS = 20_000;
const POLL_MS = 20;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const MAX_LOG_CHARS = 8_000;

/** Starts a daemon that lives until `stop`, at most as long as this process. Takes under 1 s. */
export async function startDockerd(): Promise<Dockerd> {
  const namespaces = await openNamespaces();
  const { name, folder, pid, storageDriver } = namespaces;
  try {
    const argv = daemonArgv(namespaces);
    const user = useDockerd({ name, folder, pid, storageDriver });
    let daemon = await startDaemon(namespaces, argv);
    return {
      ...user,
      kill9: () => daemon.kill9(),
      restart: async () => {
        await daemon.kill9();
        daemon = await startDaemon(namespaces, argv);
      },
      stop: () => namespaces.close(),
    };
  } catch (error) {
    await namespaces.close();
    throw error;
  }
}

/** A daemon that this process did not start. */
export function useDockerd(place: Place): DockerdUser {
  const host = `unix://${socketPath(place)}`;
  // Not the configuration of who runs the tests.
  const env = { ...plainEnv(), DOCKER_CONFIG: join(place.folder, "client"), HOME: place.folder };
  return {
    ...place,
    host,
    docker: async (...args) => {
      const { stdout } = await promisify(execFile)("docker", ["--host", host, ...args], {
        env,
        timeout: CLI_TIMEOUT_MS,
        maxBuffer: MAX_OUTPUT_BYTES,
      });
      return stdout.trimEnd();
    },
    inside: (...argv) => insideArgv(place, argv),
  };
}

const socketPath = ({ folder }: Place): string => join(folder, "docker.sock");

function daemonArgv(place: Place): readonly string[] {
  const { name, folder, storageDriver } = place;
  const configFile = join(folder, "daemon.json");
  writeFileSync(configFile, "{}\n");
  const root = join(folder, "root");
  return [
    "dockerd",
    ...[`--config-file=${configFile}`, `--host=unix://${socketPath(place)}`, "--group=root"],
    ...[`--data-root=${root}/data`, `--exec-root=${root}/exec`, `--pidfile=${root}/docker.pid`],
    ...[`--storage-driver=${storageDriver}`, `--cgroup-parent=/${name}`],
    ...runscFlags(place),
  ];
}

/**
 * A runsc from before August 2024 knows the host's network namespace by
 * /proc/sys/net/core/rmem_default, which newer kernels show in all: it then refuses every network,
 * also none. In a mount namespace without that file it does what it should.
 */
function runscFlags({ folder }: Place): readonly string[] {
  const runsc = findProgram("runsc");
  if (runsc === undefined) return [];
  const wrapper = join(folder, "runsc");
  const inner = `mount -t tmpfs -o ro none /proc/sys/net && exec ${runsc} "$@"`;
  writeFileSync(wrapper, `#!/bin/sh\nexec unshare --mount sh -c '${inner}' runsc "$@"\n`);
  chmodSync(wrapper, 0o700);
  return [`--add-runtime=runsc=${wrapper}`];
}

async function startDaemon(place: Place, argv: readonly string[]): Promise<InsideProcess> {
  const daemon = startInside(place, argv);
  let log = "";
  const keep = (chunk: Buffer): void => {
    log = (log + chunk.toString("utf8")).slice(-MAX_LOG_CHARS);
  };
  daemon.child.stdout!.on("data", keep);
  daemon.child.stderr!.on("data", keep);
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await answers(socketPath(place)))) {
    if (daemon.child.exitCode !== null || performance.now() > deadline) {
      await daemon.kill9();
      throw new Error(`dockerd does not start:\n${log}`);
    }
    await sleep(POLL_MS);
  }
  return daemon;
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const ping = request({ socketPath: socket, path: "/_ping", timeout: START_TIMEOUT_MS });
    ping.on("response", (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on("timeout", () => ping.destroy());
    ping.on("error", () => resolve(false));
    ping.end();
  });
}
