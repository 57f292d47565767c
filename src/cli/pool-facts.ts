/**
 * @module
 * What `glovebox doctor` says of sandboxes that servers keep ready.
 */
import type { ServerConfig } from "../config/server-config.ts";
import { isGloveboxError } from "../core/errors.ts";
import type { PoolStats, ProbeReport } from "../core/provider.ts";
import { askFigures } from "../local-server/ask-figures.ts";
import { NotServedError } from "../local-server/client.ts";
import type { Figures } from "../local-server/messages.ts";
import { isPrivateSocket, socketPath } from "../local-server/place.ts";
import { surroundingsOf } from "../local-server/surroundings.ts";
import { formatSizeBytes } from "../util/size.ts";

interface Place {
  readonly env: NodeJS.ProcessEnv;
  /** Where a server would look for its settings. */
  readonly cwd: string;
}

/** Of this user's server where one answers; else what one would do. */
export async function poolFact({ env, cwd }: Place): Promise<ProbeReport["facts"][number]> {
  const figures = await figuresOfServer(env);
  if (typeof figures !== "string") return ["pools", formatFigures(figures)];
  return ["pools", `${figures}; ${await settingsOf({ env, cwd })}`];
}

/** @returns A text: why there are none. */
async function figuresOfServer(env: NodeJS.ProcessEnv): Promise<Figures | string> {
  const path = socketPath(env);
  if (path === undefined || !isPrivateSocket(path)) return "no server of this user runs here";
  const surroundings = surroundingsOf(env);
  if (surroundings === undefined) return "this is no built program, which no server answers";
  try {
    return await askFigures(path, surroundings);
  } catch (error) {
    if (!(error instanceof NotServedError)) throw error;
    return `the server of this user does not answer: ${error.message}`;
  }
}

/** A file that no server would start with is no reason to say nothing else. */
async function settingsOf({ env, cwd }: Place): Promise<string> {
  const { loadConfig } = await import("../config/load-config.ts");
  try {
    return formatSettings(loadConfig({ env, cwd, overrides: {} }).pools);
  } catch (error) {
    if (!isGloveboxError(error)) throw error;
    return `none would start here: ${error.message}`;
  }
}

/** Exported for its test. */
export function formatSettings({ size, memoryBytes, fork }: ServerConfig["pools"]): string {
  if (size === 0) return "one would keep nothing ready (pools.size)";
  return `one would keep up to ${size} ready, of ${formatSizeBytes(memoryBytes)} at most, forks ${fork}`;
}

/** Exported for its test. */
export function formatFigures({ pool, destroying }: Figures): string {
  if (pool === null) return `this user's server keeps nothing ready, ${formatBacklog(destroying)}`;
  const parts = [formatReady(pool), ...formatUse(pool), formatBacklog(destroying)];
  return parts.join(", ");
}

function formatReady({ ready, readyBytes, oldestMs }: PoolStats): string {
  if (ready === 0) return "0 ready";
  const mib = Math.round(readyBytes / 2 ** 20);
  return `${count(ready)} ready (${count(mib)} MiB, the oldest for ${Math.round(oldestMs / 1000)} s)`;
}

function formatUse({ hits, misses, made, makeMs }: PoolStats): readonly string[] {
  const asked = hits + misses;
  // All of them only where it was all of them.
  const share = Math.floor((100 * hits) / asked);
  return [
    ...(asked === 0 ? [] : [`${share} % of ${count(asked)} that were asked for were ready`]),
    ...(made === 0 ? [] : [`built in ${Math.round(makeMs / made)} ms each`]),
  ];
}

const formatBacklog = (destroying: number): string => `${count(destroying)} being destroyed`;

const count = (value: number): string => value.toLocaleString("en-US");
