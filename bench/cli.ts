/**
 * @module
 * What `glovebox run` costs above the command itself, from the shell's point of view: alone, and beside
 * a server of the same user.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "../src/util/package-folder.ts";
import type { Bench, BenchOptions, Row } from "./bench.ts";
import { cleanEnvironment } from "./clean-environment.ts";
import { createSpawnTimer, type Candidate } from "./spawn-timer.ts";
import { differences, median } from "./statistics.ts";
import { startUserServer } from "./user-server.ts";

const MAX_ABOVE_COMMAND_MS = 120;

/** The one that sandboxes see, and none that only passes on to another. */
const PYTHON = "/usr/bin/python3";
const glovebox = join(packageFolder(), "bin/glovebox");

export const cliBench: Bench = {
  name: "cli",
  about: "`glovebox run` against the bare command, alone and beside a server of this user",
  kind: "promise",
  run,
};

async function run({ effort, folder, progress }: BenchOptions): Promise<readonly Row[]> {
  const rounds = effort === "full" ? 40 : 10;
  // What `glovebox run -- CMD` shows to the command.
  const cwd = join(folder, "empty");
  mkdirSync(cwd);
  const file = join(folder, "hello.py");
  writeFileSync(file, 'print("Hello, world!")\n');
  // No server of this user's but ours.
  const env = { ...cleanEnvironment, XDG_STATE_HOME: join(folder, "state") };
  const timer = await createSpawnTimer(folder, { env, cwd });
  const candidates = [
    { kind: "exec", argv: ["/bin/true"] },
    { kind: "exec", argv: [process.execPath, "-e", "0"] },
    { kind: "exec", argv: [glovebox, "run", "--", "true"] },
    { kind: "exec", argv: [PYTHON, file] },
    { kind: "exec", argv: [glovebox, "run", file] },
  ] as const satisfies readonly Candidate[];
  progress(`${rounds} rounds of ${candidates.length} programs`);
  const [bare, node, sandboxed, barePython, pythonRun] = await timer.time(rounds, candidates);
  const above = median(differences(sandboxed!.reaped, bare!.reaped));
  const nodes = median(differences(node!.reaped, bare!.reaped));
  const how = `median of ${rounds} differences, start to reaped`;
  const bound = { kind: "most", value: MAX_ABOVE_COMMAND_MS } as const;
  const alone = median(differences(pythonRun!.reaped, barePython!.reaped));
  progress(`the same beside a server`);
  const server = await startUserServer(cwd, env);
  const both = timer.time(rounds, [candidates[3], candidates[4]]);
  const [besideBare, beside] = await both.finally(() => server[Symbol.asyncDispose]());
  const besideServer = median(differences(beside!.reaped, besideBare!.reaped));
  return [
    { name: "glovebox run -- true, above true", value: above, unit: "ms", bound, how },
    { name: "of it node -e 0", value: nodes, unit: "ms", how: "the same of an empty Node program" },
    { name: "of it Glovebox", value: above - nodes, unit: "ms", how: "what is left" },
    { name: "glovebox run hello.py, above python3", value: alone, unit: "ms", bound, how },
    { name: "the same beside a server", value: besideServer, unit: "ms", bound, how },
  ];
}
