/**
 * @module
 * What a run gives back: its output as it comes or one document, our notes, its files, its exit code.
 */
import { collect } from "../service/collect.ts";
import type {
  ExecutionControl,
  ExecutionReport,
  ExecutionRequest,
  ExecutionSink,
} from "../service/request.ts";
import type { ExecutionService } from "../service/service.ts";
import { EXIT_OUR_FAILURE, exitCodeOfReport } from "./exit.ts";
import { explainEnd, explainGaps, explainInFull } from "./explain-end.ts";
import { formatJsonReport } from "./json-report.ts";
import { openLiveOutput } from "./live-output.ts";
import { printNote } from "./print.ts";
import type { RunParts } from "./run-parts.ts";

export interface Runner {
  readonly run: ExecutionService["run"];
  readonly providerName: string;
}

export type OnStart = (control: ExecutionControl) => void;

interface Reported extends Pick<
  RunParts,
  "options" | "out" | "interruption" | "door" | "asking" | "newActedOn" | "review" | "onReport"
> {
  readonly request: ExecutionRequest;
}

/**
 * Runs it.
 *
 * @returns The exit code.
 * @throws What `run` throws.
 */
export async function runAndReport(
  runner: Runner,
  parts: Reported,
  onStart: OnStart,
): Promise<number> {
  return parts.options.report === "json"
    ? runToJson(runner, parts, onStart)
    : runLive(runner, parts, onStart);
}

async function runLive(runner: Runner, parts: Reported, onStart: OnStart): Promise<number> {
  const { request, interruption, door, asking } = parts;
  const output = openLiveOutput(door.output, interruption.abort, door.outputGate);
  const sink: ExecutionSink = {
    // What a compiler says is not the program's output: it must not get into a pipe after us.
    onOutput: (phase, stream, chunk) =>
      output.write(phase === "compile" ? "stderr" : stream, chunk),
  };
  const report = await runner.run(request, sink, interruption.signal, onStart);
  printNotes(report, runner, parts);
  await bringOut(report, runner, parts);
  parts.onReport?.(report);
  const outputClosed = output.isClosed();
  const exitCode = exitCodeOfReport(report, { received: interruption.received(), outputClosed });
  return asking?.exitCode(exitCode) ?? exitCode;
}

async function runToJson(runner: Runner, parts: Reported, onStart: OnStart): Promise<number> {
  const { request, interruption, asking } = parts;
  const attaching: Pick<ExecutionService, "run"> = {
    run: (wanted, sink, signal) => runner.run(wanted, sink, signal, onStart),
  };
  const collected = await collect(attaching, request, interruption.signal);
  const received = interruption.received();
  const ofRun = exitCodeOfReport(collected.report, { received, outputClosed: false });
  const exitCode = asking?.exitCode(ofRun) ?? ofRun;
  const changes = await parts.review?.settle(collected.report);
  const more = {
    ...(asking === undefined ? {} : { permissions: asking.reportJson() }),
    ...(changes === undefined ? {} : { changes: changes.document }),
  };
  process.stdout.write(formatJsonReport(collected, exitCode, more));
  printNotes(collected.report, runner, parts);
  await bringOut(collected.report, runner, parts);
  return changes?.isDone === false && exitCode === 0 ? EXIT_OUR_FAILURE : exitCode;
}

async function bringOut(
  { artifacts, run }: ExecutionReport,
  { providerName: provider }: Runner,
  { out: folder, request, options }: Reported,
): Promise<void> {
  if (folder === undefined || run === null) return;
  const paths = request.artifacts?.paths ?? [];
  const { writeArtifacts } = await import("./write-artifacts.ts");
  const notes =
    artifacts === undefined
      ? ["brought no files back: they went with the sandbox that was ended"]
      : await writeArtifacts(artifacts, { folder, paths, provider });
  if (options.verbosity !== "quiet") notes.forEach(printNote);
}

function printNotes(
  report: ExecutionReport,
  { providerName }: Runner,
  { request, options, asking, newActedOn }: Reported,
): void {
  // Also where nobody reads it: it writes what was learned.
  const asked = asking?.summary() ?? [];
  if (options.verbosity === "quiet") return;
  const notes = [...explainEnd(report, request.limits), ...newActedOn(), ...asked];
  if (options.verbosity === "verbose") notes.push(...explainInFull(report, providerName));
  // The warning about `process` has said it all.
  else if (providerName !== "process") notes.push(...explainGaps(report.enforcement));
  for (const note of notes) printNote(note);
}
