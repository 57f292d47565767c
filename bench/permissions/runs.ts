/**
 * @module
 * The same command on the host, in a sandbox that has nothing to ask, and in one that asks: all in one
 * network, and in one folder.
 */
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { OwnNetwork } from "../../test/helpers/own-network.ts";
import { packageFolder } from "../../src/util/package-folder.ts";
import { cleanEnvironment } from "../clean-environment.ts";

/** Looks public, so that no question of its own is about it. */
export const serverAddress = "93.184.216.34";

export type Place = "host" | "silent" | "asking";

type Command = readonly [string, ...string[]];

export interface Runs {
  /** The workspace of the sandboxes, where commands begin on the host too. */
  readonly workspace: string;
  readonly env: NodeJS.ProcessEnv;
  /** The words that run a command there. */
  readonly words: (place: Place, command: Command) => Command;
  /** What it wrote to stdout. @throws {Error} Where it fails, or takes longer than two minutes. */
  readonly run: (place: Place, command: Command) => Promise<string>;
}

const TIMEOUT_MS = 120_000;
const glovebox = join(packageFolder(), "bin/glovebox");

/** Nobody is asked: a rule allows what the bench connects to. */
const flags: Readonly<Record<Exclude<Place, "host">, readonly string[]>> = {
  silent: ["--network", "none", "--files", "none"],
  asking: ["--network=ask", "--files=ask", "--ask=never", `--allow-net=${serverAddress}`],
};

/** @returns Why sandboxes can't ask here, in words, where they can't. */
export async function prepareRuns(network: OwnNetwork, folder: string): Promise<Runs | string> {
  const workspace = join(folder, "workspace");
  mkdirSync(workspace);
  const env = { ...cleanEnvironment, XDG_STATE_HOME: join(folder, "state") };
  const words = (place: Place, command: Command): Command => {
    // Who enters another mount namespace stands at its root.
    const start = [...network.enter, "env", "-C", workspace];
    if (place === "host") return ["env", ...start, ...command];
    const sandboxed = [glovebox, "run", "-q", "--workspace", ".:rw", ...flags[place], "--"];
    return ["env", ...start, ...sandboxed, ...command];
  };
  const run = async (place: Place, command: Command): Promise<string> => {
    const [first, ...args] = words(place, command);
    const { stdout } = await promisify(execFile)(first, args, { env, timeout: TIMEOUT_MS });
    return stdout;
  };
  try {
    await run("asking", ["true"]);
  } catch (error) {
    const { stderr = "" } = error as { readonly stderr?: string };
    return `glovebox run --network ask fails on this host: ${stderr.trim().slice(0, 500)}`;
  }
  return { workspace, env, words, run };
}
