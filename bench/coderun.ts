/**
 * @module
 * What packages cost above the commands in them, and how fast pipes of the shell are.
 */
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageFolder } from "../src/util/package-folder.ts";
import type { Bench, BenchOptions, Row } from "./bench.ts";
import { cleanEnvironment } from "./clean-environment.ts";
import { createSpawnTimer, type Candidate } from "./spawn-timer.ts";
import { differences, median } from "./statistics.ts";
import { startUserServer } from "./user-server.ts";

const execute = promisify(execFile);

const MAX_ABOVE_COMMAND_MS = 120;
const MAX_BESIDE_SERVER_MS = 60;
const MIN_PIPE_MB_PER_S = 200;
const glovebox = join(packageFolder(), "bin/glovebox");

export const coderunBench: Bench = {
  name: "coderun",
  about: "packages against the bare commands, and pipes of the shell against Bash's",
  kind: "promise",
  run,
};

async function run(options: BenchOptions): Promise<readonly Row[]> {
  const { folder } = options;
  const cwd = join(folder, "project");
  mkdirSync(cwd);
  // No server of this user's but ours, and no packages but these.
  const env = {
    ...cleanEnvironment,
    PATH: `${join(glovebox, "..")}:${cleanEnvironment["PATH"] ?? ""}`,
    XDG_STATE_HOME: join(folder, "state"),
  };
  const starts = await measureStarts(options, { cwd, env });
  return [...starts, ...(await measurePipes(options, { cwd, env }))];
}

interface Place {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

async function measureStarts(
  { effort, folder, progress }: BenchOptions,
  { cwd, env }: Place,
): Promise<readonly Row[]> {
  const rounds = effort === "full" ? 40 : 10;
  const packageOf = async (workspace: string): Promise<Candidate> => {
    const file = join(folder, `true-${workspace}`);
    const text = `glovebox: 1\nname: t\ncommand: "true"\nworkspace: ${workspace}\n`;
    writeFileSync(file, `#!/usr/bin/env glovebox\n${text}`);
    chmodSync(file, 0o755);
    await execute(glovebox, ["package", "approve", "-y", file], { env, cwd });
    return { kind: "exec", argv: [file] };
  };
  const bare: Candidate = { kind: "exec", argv: ["/bin/true"] };
  const node: Candidate = { kind: "exec", argv: [process.execPath, "-e", "0"] };
  const [shown, none] = [await packageOf("ro"), await packageOf("none")];
  const timer = await createSpawnTimer(folder, { env, cwd });
  progress(`${rounds} rounds of packages, alone`);
  const [bares, nodes, alone] = await timer.time(rounds, [bare, node, shown]);
  progress("the same beside a server");
  const server = await startUserServer(cwd, env);
  const beside = timer.time(rounds, [bare, none, shown]);
  const [bareBeside, noneBeside, shownBeside] = await beside.finally(() =>
    server[Symbol.asyncDispose](),
  );
  const how = `median of ${rounds} differences, start to reaped`;
  const above = (value: readonly number[], bareTimes: readonly number[]) => ({
    ...{ value: median(differences(value, bareTimes)), how },
    unit: "ms" as const,
  });
  const bound = { kind: "most", value: MAX_ABOVE_COMMAND_MS } as const;
  return [
    { name: "a package, above its command", ...above(alone!.reaped, bares!.reaped), bound },
    { name: "of it node -e 0", ...above(nodes!.reaped, bares!.reaped) },
    {
      name: "beside a server, one that is shown no folder",
      ...above(noneBeside!.reaped, bareBeside!.reaped),
      bound: { kind: "most", value: MAX_BESIDE_SERVER_MS },
    },
    {
      name: "beside a server, one that is shown a folder",
      ...above(shownBeside!.reaped, bareBeside!.reaped),
      bound,
    },
  ];
}

async function measurePipes(
  { effort, progress }: BenchOptions,
  { cwd, env }: Place,
): Promise<readonly Row[]> {
  const megabytes = effort === "full" ? 4000 : 1000;
  const rounds = effort === "full" ? 5 : 3;
  progress(`${rounds} times ${megabytes} MB through a pipe of the shell, and of Bash`);
  const line = (mb: number) => `head -c ${mb}000000 /dev/zero | cat | wc -c`;
  const time = async (argv: readonly string[], mb: number): Promise<number> => {
    const began = performance.now();
    const [program, ...words] = [...argv, line(mb)];
    const { stdout } = await execute(program, words, { cwd, env, timeout: 120_000 });
    if (stdout.trim() !== `${mb}000000`) throw new Error(`${program}: ${stdout}`);
    return performance.now() - began;
  };
  const ours: number[] = [];
  const bashs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Without what it takes to start and end.
    const began = await time([glovebox, "shell", "-c"], 1);
    ours.push((await time([glovebox, "shell", "-c"], megabytes)) - began);
    bashs.push(await time(["bash", "-c"], megabytes));
  }
  const rate = (times: readonly number[]): number => (1000 * megabytes) / median(times);
  const how = `\`head | cat | wc\`, ${megabytes} MB, median of ${rounds}`;
  const bound = { kind: "least", value: MIN_PIPE_MB_PER_S } as const;
  return [
    { name: "pipes of the shell", value: rate(ours), unit: "MB/s", bound, how },
    { name: "pipes of bash", value: rate(bashs), unit: "MB/s", how },
  ];
}
