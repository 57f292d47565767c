/**
 * @module
 * The same program without Glovebox, started as Node starts programs.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { cleanEnvironment } from "./clean-environment.ts";
import type { PythonProgram } from "./server.ts";

const TIMEOUT_MS = 20_000;

/** @returns How long `python3 -I -c` took until its output was read and it was reaped, in ms. */
export async function runBarePython({ code, stdout }: PythonProgram): Promise<number> {
  const started = performance.now();
  const child = spawn("python3", ["-I", "-c", code], {
    env: cleanEnvironment,
    stdio: ["ignore", "pipe", "inherit"],
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  const closed = once(child, "close");
  const output = await text(child.stdout);
  await closed;
  const took = performance.now() - started;
  if (child.exitCode !== 0 || output !== stdout) throw new Error("bare python3 failed");
  return took;
}
