/**
 * @module
 * What no sandbox over HTTP can pass: runs a second where a run is nothing but a fork of an interpreter
 * that has started, without a sandbox, limits, a file or a request.
 */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { BenchOptions, Row } from "../bench.ts";
import { cleanEnvironment } from "../clean-environment.ts";
import { median } from "../statistics.ts";
import { bareArgv, pythonHello, systemPath } from "./programs.ts";
import { startRequests } from "./requests.ts";
import type { Subjects } from "./subjects.ts";

const WIDTH = 8;
const SETTLE_MS = 300;

/** Keeps WIDTH forks going for so many ms, each of which runs the program, and prints how many ended. */
const forker = `
import gc, os, sys, time
width, seconds, code = int(sys.argv[1]), int(sys.argv[2]) / 1000, sys.argv[3]
os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
gc.collect(); gc.freeze(); gc.disable()
def start():
    if os.fork() == 0:
        exec(compile(code, "main.py", "exec"), {"__name__": "__main__"})
        sys.stdout.flush()
        os._exit(0)
for _ in range(width): start()
ended, end = 0, time.monotonic() + seconds
while time.monotonic() < end:
    os.waitpid(-1, 0)
    ended += 1
    start()
for _ in range(width): os.waitpid(-1, 0)
print(ended / seconds, file=sys.stderr)
`;

export async function measureCeiling(
  { cpus }: Subjects,
  { effort, folder, progress }: BenchOptions,
): Promise<readonly Row[]> {
  const name = `Python, ${WIDTH} at a time: bare forks of one interpreter against bare`;
  const argv = bareArgv(pythonHello);
  const python = systemPath("python3");
  if (argv === undefined || python === undefined) return [{ name, skipped: "not installed" }];
  const [turns, ms] = effort === "full" ? [3, 1_500] : [1, 700];
  progress("forks without a sandbox");
  const candidate = { kind: "exec", argv, expect: pythonHello.stdout } as const;
  await using requests = await startRequests(folder, [candidate], cpus);
  const bareRates: number[] = [];
  const forkRates: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    await sleep(SETTLE_MS);
    bareRates.push((await requests.load(0, WIDTH, ms)).runsPerSecond);
    await sleep(SETTLE_MS);
    const words = ["-I", "-c", forker, String(WIDTH), String(ms), pythonHello.code];
    const { stderr } = await promisify(execFile)(python, words, { env: cleanEnvironment });
    forkRates.push(Number(stderr));
  }
  const [forks, bare] = [median(forkRates), median(bareRates)];
  return [
    {
      name,
      value: forks / bare,
      unit: "times",
      how: `the ceiling: ${forks.toFixed(0)} a second without sandbox, limits, files and HTTP, against ${bare.toFixed(0)} bare processes`,
    },
  ];
}
