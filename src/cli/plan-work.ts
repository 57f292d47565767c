/**
 * @module
 * The work of `glovebox plan`.
 */
import { homedir } from "node:os";
import { createProvider, createService } from "../app.ts";
import { invalidRequest } from "../core/errors.ts";
import { exitCodeOf } from "../core/outcome.ts";
import type { Json, Machine } from "../plan/asl.ts";
import { compilePlan, functionPlaceholder } from "../plan/compile.ts";
import { interpret, type TaskAnswer } from "../plan/interpret.ts";
import { toMermaid } from "../plan/mermaid.ts";
import { parsePlan } from "../plan/parse.ts";
import { constants } from "node:os";
import type { ExecutionService } from "../service/service.ts";
import { createByteCollector } from "../util/byte-collector.ts";
import { durationFormat, parseDurationMs } from "../util/duration.ts";
import { limitFlags } from "./limit-flags.ts";
import type { Limits } from "../core/limits.ts";
import { oneOf } from "./one-of.ts";
import type { PlanFlags } from "./plan-flags.ts";
import { ownStdin, readBounded, releaseStdin } from "./own-stdin.ts";
import { printNote } from "./print.ts";
import { checkProvider, parseProviderFlags } from "./provider-flag.ts";
import { untilSignal } from "./signals.ts";
import { implicitWorkspace } from "./workspace-flag.ts";

/** Of one command, as on Lambda. */
const MAX_OUTPUT_BYTES = 128 * 1024;
const MAX_INPUT_BYTES = 256 * 1024;
const DEFAULT_TIMEOUT = "60s";
const MAX_TIMEOUT_MS = 895_000;

/** @returns The exit code: 1 for a machine that failed. */
export async function planLine(line: string, flags: PlanFlags): Promise<number> {
  const plan = parsePlan(line);
  const wallTimeMs = timeoutOf(flags);
  const machine = compilePlan(plan, { functionArn: functionPlaceholder, wallTimeMs });
  const format = oneOf("--format", flags.format ?? "json", ["json", "mermaid"]);
  if (flags.name !== undefined && flags.deploy !== true) {
    throw invalidRequest("--name", "is the name of a plan that is deployed. Add --deploy.");
  }
  if (flags.deploy === true) {
    const { deployPlan } = await import("./plan-deploy.ts");
    return untilSignal((signal) => deployPlan(plan, wallTimeMs, flags, signal));
  }
  if (flags.run === true) return untilSignal((signal) => runMachine(machine, flags, signal));
  if (plan.schedule !== undefined) printNote(`to be started by EventBridge: ${plan.schedule}`);
  process.stdout.write(
    format === "mermaid" ? toMermaid(machine) : `${JSON.stringify(machine, null, 2)}\n`,
  );
  return 0;
}

function timeoutOf({ timeout = DEFAULT_TIMEOUT }: PlanFlags): number {
  const wallTimeMs = parseDurationMs(timeout);
  if (wallTimeMs !== undefined && wallTimeMs > 0 && wallTimeMs <= MAX_TIMEOUT_MS) return wallTimeMs;
  throw invalidRequest(
    "--timeout",
    `\`${timeout}\` is no time up to ${MAX_TIMEOUT_MS / 1000}s. Write ${durationFormat}.`,
  );
}

async function runMachine(
  machine: Machine,
  flags: PlanFlags,
  signal: AbortSignal,
): Promise<number> {
  const { provider: name, docker } = parseProviderFlags(flags);
  checkProvider(name, "strict");
  const network = oneOf("--network", flags.network ?? "none", ["none", "all"]);
  const input = await readInput(flags);
  const service = createService({ provider: await createProvider(name, { docker }) });
  try {
    const end = await interpret(
      machine,
      input,
      {
        runTask: (payload, taskSignal) => runTask(service, payload, network, taskSignal),
        onState: (state) => {
          if (flags.quiet !== true) printNote(state);
        },
      },
      signal,
    );
    if (end.status === "succeeded") {
      const { output } = end;
      process.stdout.write(typeof output === "string" ? output : `${JSON.stringify(output)}\n`);
      return 0;
    }
    printNote(`the plan failed: ${end.cause}`);
    return 1;
  } finally {
    await service.close();
  }
}

async function readInput({ input }: PlanFlags): Promise<Json> {
  if (input !== undefined) return parseValue(input);
  if (process.stdin.isTTY) return "";
  const stdin = ownStdin();
  try {
    if (stdin === "empty") return "";
    return parseValue((await readBounded(stdin, MAX_INPUT_BYTES, "stdin")).toString("utf8"));
  } finally {
    releaseStdin(stdin);
  }
}

function parseValue(text: string): Json {
  try {
    const value = JSON.parse(text) as Json;
    // What is too deep can be read, and not be written again.
    JSON.stringify(value);
    return value;
  } catch {
    return text;
  }
}

const defaultLimits = Object.fromEntries(
  limitFlags.map(({ limit, default: value }) => [limit, value]),
) as unknown as Limits;

async function runTask(
  service: ExecutionService,
  payload: Readonly<Record<string, Json>>,
  network: "none" | "all",
  signal: AbortSignal,
): Promise<TaskAnswer> {
  const { argv, stdin, limits } = payload;
  const collected = createByteCollector();
  const report = await service.run(
    {
      program: {
        kind: "command",
        argv: argv as readonly string[],
        workspace: implicitWorkspace(process.cwd(), homedir()),
      },
      args: [],
      env: {},
      stdin: Buffer.from(
        typeof stdin === "string" ? stdin : stdin === null ? "" : JSON.stringify(stdin),
      ),
      limits: {
        ...defaultLimits,
        wallTimeMs: (limits as { readonly wall_ms: number }).wall_ms,
        outputBytes: MAX_OUTPUT_BYTES,
      },
      onOutputLimit: "kill",
      network: { mode: network },
      enforcement: "strict",
    },
    {
      onOutput: (_phase, stream, chunk) => {
        if (stream === "stdout") collected.add(chunk);
        else process.stderr.write(chunk);
      },
    },
    signal,
  );
  signal.throwIfAborted();
  const exitCode =
    report.run === null ? 125 : exitCodeOf(report.run.outcome, (name) => constants.signals[name]);
  return { exit_code: exitCode, stdout: parseValue(collected.take().toString("utf8")) };
}
