/**
 * @module
 * What the linux provider would send to its launcher for one run of a program.
 */
import { defaultLimits } from "../src/core/limits.ts";
import { cgroupRecords, type CgroupPlace } from "../src/providers/linux/cgroups.ts";
import { fileSystemRecords } from "../src/providers/linux/host-image.ts";
import { encodeMessage } from "../src/launcher/message.ts";
import { probeSpec } from "../src/providers/linux/probe.ts";
import { ownedName } from "../src/providers/linux/owned-name.ts";

const WALL_TIME_US = 10_000_000;

/** A sandbox with the image `host`, the default limits and a scratch workspace, and one command. */
export function launcherMessages(argv: readonly string[], place: CgroupPlace): Buffer {
  const { memoryBytes, processes, diskBytes, openFiles, outputBytes } = defaultLimits;
  const create = encodeMessage([
    ["create", ""],
    ["network", "none"],
    ["memory-bytes", memoryBytes],
    ["processes", processes],
    ["disk-bytes", diskBytes],
    ["disk-inodes", diskBytes / 1024],
    ["open-files", openFiles],
    // One name for all rounds: the launcher has removed its cgroups before it ends.
    ...cgroupRecords(place, ownedName()).records,
    ...fileSystemRecords(probeSpec),
  ]);
  const exec = encodeMessage([
    ["exec", ""],
    ...argv.map((word) => ["argv", word] as const),
    ["env", "PATH=/usr/bin:/bin"],
    ["cwd", "/workspace"],
    ["stdin", "empty"],
    ["wall-us", WALL_TIME_US],
    ["cpu-us", WALL_TIME_US],
    ["output-bytes", String(outputBytes)],
    ["at-output-limit", "truncate"],
  ]);
  return Buffer.concat([create, exec]);
}
