/**
 * @module
 * The commands of a line one after the other: `;`, `&&`, `||`, `&` and pipelines.
 */
import type { AndOr, Pipeline, PipelineNode, Script, Statement } from "unbash";
import { runCommand, runHandedOver } from "./run-command.ts";
import type { Running } from "./shell.ts";
import { copyState } from "./state.ts";
import type { Pipe, Streams } from "./streams.ts";

/** @returns The exit code of the last. */
export async function runScript(script: Script, source: string, running: Running): Promise<number> {
  for (const statement of script.commands) {
    if (isOver(running)) break;
    await runStatement(statement, source, running);
  }
  return running.state.status;
}

const isOver = ({ signal, isInterrupted, end }: Running): boolean =>
  signal.aborted || isInterrupted() || end.code !== undefined;

async function runStatement(
  { command, background, pos, end }: Statement,
  source: string,
  running: Running,
): Promise<void> {
  const { state } = running;
  if (background === true) {
    startJob(command, source, source.slice(pos, end).replace(/\s*&\s*$/, ""), running);
    state.status = 0;
    return;
  }
  state.status =
    command.type === "AndOr"
      ? await runAndOr(command, source, running)
      : await runPipeline(command, source, running);
  const isJudged = command.type === "AndOr" || isNegated(command);
  if (!isJudged) endOnFailure(running);
}

/** `set -e`. */
function endOnFailure({ state, end }: Running): void {
  if (state.status !== 0 && state.options.has("errexit")) end.code ??= state.status;
}

const isNegated = (node: PipelineNode): boolean =>
  node.type === "Pipeline" && node.prefixes.length > 0;

async function runAndOr(
  { commands, operators }: AndOr,
  source: string,
  running: Running,
): Promise<number> {
  for (const [index, command] of commands.entries()) {
    const operator = operators[index - 1];
    const { status } = running.state;
    if (isOver(running)) break;
    if (operator === "&&" && status !== 0) continue;
    if (operator === "||" && status === 0) continue;
    running.state.status = await runPipeline(command, source, running);
    if (index === commands.length - 1 && !isNegated(command)) endOnFailure(running);
  }
  return running.state.status;
}

async function runPipeline(node: PipelineNode, source: string, running: Running): Promise<number> {
  if (node.type !== "Pipeline") return runOne(node, source, running);
  const isTimed = node.prefixes.some(({ type }) => type === "Time");
  if (isTimed) {
    const text = source.slice(node.pos, node.end);
    return runHandedOver("`time`", text, [], running);
  }
  const status =
    node.commands.length === 1 && node.commands[0] !== undefined
      ? await runOne(node.commands[0], source, running)
      : await runAll(node, source, running);
  const isNegative = node.prefixes.length % 2 === 1;
  if (!isNegative) return status;
  return status === 0 ? 1 : 0;
}

type Single = Exclude<PipelineNode, Pipeline>;

async function runOne(node: Single, source: string, running: Running): Promise<number> {
  return runCommand(node, source, running);
}

/** All at once, each with what the one before writes. */
async function runAll(
  { commands, operators }: Pipeline,
  source: string,
  running: Running,
): Promise<number> {
  const pipes = await running.shell.host.createPipes(operators.length);
  const statuses = await Promise.all(
    commands.map(async (command, index) => {
      const [before, after] = [pipes[index - 1], pipes[index]];
      const streams = partStreams(running.streams, before, after, operators[index] === "|&");
      const part = { ...running, streams, state: copyState(running.state), isCopy: true };
      try {
        return await runOne(command, source, { ...part, end: { code: undefined } });
      } finally {
        after?.closeWriter();
        before?.closeReader();
      }
    }),
  );
  const failed = statuses.filter((status) => status !== 0).at(-1);
  return (running.state.options.has("pipefail") ? failed : statuses.at(-1)) ?? 0;
}

function partStreams(
  own: Streams,
  before: Pipe | undefined,
  after: Pipe | undefined,
  isBoth: boolean,
): Streams {
  return {
    stdin: before?.reader ?? own.stdin,
    stdout: after?.writer ?? own.stdout,
    stderr: isBoth && after !== undefined ? after.writer : own.stderr,
    pipes: { before, after },
  };
}

function startJob(
  node: PipelineNode | AndOr,
  source: string,
  text: string,
  running: Running,
): void {
  const { shell } = running;
  const job = shell.jobs.start(text, async (signal) => {
    const part: Running = {
      ...{ ...running, signal, isInterrupted: () => false, isBackground: true, isCopy: true },
      state: copyState(running.state),
      streams: { ...running.streams, stdin: "empty" },
      end: { code: undefined },
    };
    try {
      if (node.type === "AndOr") return await runAndOr(node, source, part);
      return await runPipeline(node, source, part);
    } catch (error) {
      // Nobody else waits for it.
      return shell.host.fail(error);
    }
  });
  shell.host.note(`[${job.id}] ${text}`);
}
