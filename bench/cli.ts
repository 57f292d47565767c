/**
 * @module
 * What `glovebox run` costs above the command itself, from the shell's point of view.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "../src/util/package-folder.ts";
import type { Bench, BenchOptions, Row } from "./bench.ts";
import { cleanEnvironment } from "./clean-environment.ts";
import { createSpawnTimer, type Candidate } from "./spawn-timer.ts";
import { differences, median } from "./statistics.ts";

const MAX_ABOVE_COMMAND_MS = 120;

export const cliBench: Bench = {
  name: "cli",
  about: "`glovebox run -- true` against bare `true`, and against an empty Node program",
  kind: "promise",
  run,
};

async function run({ effort, folder, progress }: BenchOptions): Promise<readonly Row[]> {
  const rounds = effort === "full" ? 40 : 10;
  // What `glovebox run -- CMD` shows to the command.
  const cwd = join(folder, "empty");
  mkdirSync(cwd);
  const timer = await createSpawnTimer(folder, { env: cleanEnvironment, cwd });
  const glovebox = join(packageFolder(), "bin/glovebox");
  const candidates: readonly Candidate[] = [
    { kind: "exec", argv: ["/bin/true"] },
    { kind: "exec", argv: [process.execPath, "-e", "0"] },
    { kind: "exec", argv: [glovebox, "run", "--", "true"] },
  ];
  progress(`${rounds} rounds of ${candidates.length} programs`);
  const [bare, node, sandboxed] = await timer.time(rounds, candidates);
  const above = median(differences(sandboxed!.reaped, bare!.reaped));
  const nodes = median(differences(node!.reaped, bare!.reaped));
  return [
    {
      name: "glovebox run -- true, above true",
      value: above,
      unit: "ms",
      bound: { kind: "most", value: MAX_ABOVE_COMMAND_MS },
      how: `median of ${rounds} differences, start to reaped`,
    },
    { name: "of it node -e 0", value: nodes, unit: "ms", how: "the same of an empty Node program" },
    { name: "of it Glovebox", value: above - nodes, unit: "ms", how: "what is left" },
  ];
}
