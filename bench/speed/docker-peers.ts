/**
 * @module
 * `docker run` and `docker exec` of the same hello: at the daemon that docker's command line would
 * use, else at one of our own, with the images of the tests.
 */
import { execFile } from "node:child_process";
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageFolder } from "../../src/util/package-folder.ts";
import { startDockerd, type Dockerd } from "../../test/helpers/docker/dockerd.ts";
import { importLanguageImages } from "../../test/helpers/docker/images.ts";
import { findProgram } from "../../test/helpers/find-program.ts";
import type { BenchOptions, Row } from "../bench.ts";
import { cleanEnvironment, commandPath } from "../clean-environment.ts";
import type { Peer, Peers } from "./peers.ts";
import { pythonHello } from "./programs.ts";

const IMAGE = "python:3";
const COMMAND_TIMEOUT_MS = 60_000;
/** `exec` starts its programs in it. */
const CONTAINER_SECONDS = "3600";

/** A daemon with the image, and how to reach it. */
interface Daemon extends AsyncDisposable {
  readonly hostArgs: readonly string[];
}

export async function openDockerPeers(options: BenchOptions): Promise<Peers> {
  const skipped = (reason: string): Peers => ({
    peers: [],
    missing: ["docker run", "docker exec"].map((title): Row => ({
      name: `against ${title}`,
      skipped: reason,
    })),
    [Symbol.asyncDispose]: async () => undefined,
  });
  const docker = commandPath("docker");
  if (docker === undefined) return skipped("not installed: apt-get install docker.io");
  const daemon = await openDaemon(docker, options);
  if (typeof daemon === "string") return skipped(daemon);
  const { hostArgs } = daemon;
  const client = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(docker, [...hostArgs, ...args], {
      env: cleanEnvironment,
      timeout: COMMAND_TIMEOUT_MS,
    });
    return stdout.trim();
  };
  const limits = ["--network=none", "--memory=256m", "--pids-limit=64"];
  let container: string;
  try {
    container = await client(
      "run",
      "--detach",
      "--init",
      ...limits,
      IMAGE,
      "sleep",
      CONTAINER_SECONDS,
    );
  } catch (error) {
    await daemon[Symbol.asyncDispose]();
    return skipped((error as Error).message.trim().split("\n").at(-1) ?? "it starts nothing");
  }
  const python = ["python3", "-I", "-c", pythonHello.code];
  const peer = (title: string, args: readonly string[], most: number): Peer => ({
    title,
    argv: [docker, ...hostArgs, ...args, ...python],
    isThroughput: true,
    mostOfIt: most,
  });
  return {
    peers: [
      peer("docker run", ["run", "--rm", ...limits, IMAGE], 1 / 50),
      peer("docker exec", ["exec", container], 1 / 15),
    ],
    missing: [],
    [Symbol.asyncDispose]: async () => {
      await client("rm", "--force", container).catch(() => undefined);
      await daemon[Symbol.asyncDispose]();
    },
  };
}

/** @returns Why there is none. */
async function openDaemon(docker: string, { progress }: BenchOptions): Promise<Daemon | string> {
  const { DOCKER_HOST } = process.env;
  const hostArgs = DOCKER_HOST === undefined ? [] : ["--host", DOCKER_HOST];
  try {
    const words = [...hostArgs, "image", "inspect", IMAGE];
    await promisify(execFile)(docker, words, {
      env: cleanEnvironment,
      timeout: COMMAND_TIMEOUT_MS,
    });
    return { hostArgs, [Symbol.asyncDispose]: async () => undefined };
  } catch {
    // An own one may do.
  }
  if (process.geteuid?.() !== 0) return `no docker daemon with the image ${IMAGE}`;
  if (findProgram("dockerd") === undefined) return "no dockerd: apt-get install docker.io";
  progress("starting a docker daemon");
  let dockerd: Dockerd | undefined;
  try {
    placeGuard();
    dockerd = await startDockerd();
    await importLanguageImages(dockerd, [IMAGE]);
    const own = dockerd;
    return { hostArgs: ["--host", own.host], [Symbol.asyncDispose]: () => own.stop() };
  } catch (error) {
    await dockerd?.stop();
    return (error as Error).message.trim().split("\n").at(-1) ?? "dockerd does not start";
  }
}

/** The helpers look for it beside themselves; here they are part of a bundle in a folder of its own. */
function placeGuard(): void {
  const place = join(import.meta.dirname, "guard.sh");
  if (!existsSync(place))
    copyFileSync(join(packageFolder(), "test/helpers/docker/guard.sh"), place);
}
