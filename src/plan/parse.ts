/**
 * @module
 * From a line of shell to the steps of a plan: pipelines, joined by && and ||, of commands with plain
 * words. What only a shell can do, as variables and loops, has no state of its own, and is refused.
 */
import { parse, type Command, type Statement, type Word } from "unbash";
import { invalidRequest } from "../core/errors.ts";
import { showText } from "../util/show-value.ts";

export type PlanStage =
  | { readonly kind: "command"; readonly argv: readonly string[] }
  | { readonly kind: "sleep"; readonly seconds: number }
  | { readonly kind: "foreach" }
  | { readonly kind: "filter"; readonly expression: string };

export interface PlanPipeline {
  /** When it runs, by the exit code of what ran before it. */
  readonly runs: "always" | "after-success" | "after-failure";
  readonly stages: readonly PlanStage[];
}

export interface ParsedPlan {
  readonly line: string;
  /** As EventBridge has it, `cron(0 8 * * ? *)`. Absent: it is started by hand. */
  readonly schedule?: string;
  readonly pipelines: readonly PlanPipeline[];
}

const MAX_LINE_CHARS = 16_384;

/** @throws {GloveboxError} `INVALID_REQUEST` with the part that it is about. */
export function parsePlan(line: string): ParsedPlan {
  if (line.length > MAX_LINE_CHARS)
    throw refused(`the line has more than ${MAX_LINE_CHARS} characters`);
  const { commands, errors } = parse(line);
  const [fault] = errors ?? [];
  if (fault !== undefined)
    throw refused(`it can't be read at character ${fault.pos + 1}: ${fault.message}`);
  const [statement, ...others] = commands;
  if (statement === undefined) throw refused("there is no command in it");
  if (others.length > 0)
    throw refused("it has several commands after each other. Join them with &&, || or |");
  if (statement.background === true) throw refused("`&` has no meaning in it");
  const { command } = statement;
  const parts = command.type === "AndOr" ? command.commands : [command];
  const operators = command.type === "AndOr" ? command.operators : [];
  const wordsOf = parts.map(wordsOfPipeline);
  const [schedule, first] = takeSchedule(wordsOf[0] ?? []);
  const pipelines = [first, ...wordsOf.slice(1)].map((words, index): PlanPipeline => ({
    runs:
      index === 0 ? "always" : operators[index - 1] === "&&" ? "after-success" : "after-failure",
    stages: words.map(stageOf),
  }));
  if (first.length === 0)
    throw refused("nothing follows @cron. Write @cron '0 8 * * ? *' | COMMAND");
  return { line, pipelines, ...(schedule === undefined ? {} : { schedule }) };
}

function wordsOfPipeline(node: Statement["command"]): readonly (readonly string[])[] {
  if (node.type === "Command") return [wordsOfCommand(node)];
  if (node.type !== "Pipeline") throw noState();
  const isPlain = node.prefixes.length === 0 && node.operators.every((it) => it === "|");
  if (!isPlain) throw refused("`!`, `time` and `|&` have no meaning in it");
  return node.commands.map((command) => {
    if (command.type === "Command") return wordsOfCommand(command);
    throw noState();
  });
}

const noState = (): Error =>
  refused("loops, functions and groups have no state of their own. Put them into a script");

function wordsOfCommand({ name, prefix, suffix }: Command): readonly string[] {
  if (prefix.length > 0 || name === undefined) {
    throw refused("variables and redirections have no meaning in it");
  }
  return [name, ...suffix].map((part) => {
    if (part.type === "Word") return plainWord(part);
    throw refused(
      `\`${showText(part.type === "Redirect" ? part.operator : "=")}\`: redirections have no meaning in it. Use |`,
    );
  });
}

/** The value of a word that no shell would expand. */
function plainWord(word: Word): string {
  const parts = word.parts ?? [];
  const isPlain = parts.every(
    (part) =>
      part.type === "Literal" ||
      part.type === "SingleQuoted" ||
      (part.type === "DoubleQuoted" && part.parts.every(({ type }) => type === "Literal")),
  );
  const bare =
    parts.length === 0
      ? [word.text]
      : parts.flatMap((part) => (part.type === "Literal" ? [part.text] : []));
  const isPattern = bare.some((text) => /[*?[{]|^~/.test(text.replaceAll(/\\./g, "")));
  if (isPlain && !isPattern) return word.value;
  throw refused(
    `\`${showText(word.text)}\` would be expanded by a shell, and there is none. Quote it, or write what it stands for`,
  );
}

const isSchedule = (words: readonly string[]): boolean => words[0] === "@cron";

function takeSchedule(
  pipeline: readonly (readonly string[])[],
): readonly [string | undefined, readonly (readonly string[])[]] {
  const [first = []] = pipeline;
  if (!isSchedule(first)) return [undefined, pipeline];
  const fields = first.slice(1).join(" ").trim().split(/\s+/);
  const isRight = fields.length === 6 && fields.every((field) => /^[\w*?,/#-]+$/.test(field));
  if (isRight && (fields[2] === "?") === (fields[4] === "?")) {
    throw refused(
      `@cron '${fields.join(" ")}': one of day of month and day of week must be ?, and the other one not`,
    );
  }
  if (isRight) return [`cron(${fields.join(" ")})`, pipeline.slice(1)];
  throw refused(
    `@cron wants six fields in quotes: minute, hour, day of month, month, day of week, year, as '0 8 * * ? *', and got ${fields.length}`,
  );
}

function stageOf(words: readonly string[]): PlanStage {
  const [name = "", ...args] = words;
  switch (name) {
    case ".sleep":
      return { kind: "sleep", seconds: secondsOf(args) };
    case ".foreach":
      if (args.length > 0)
        throw refused(
          ".foreach has no arguments: what follows it in the pipeline runs for each item",
        );
      return { kind: "foreach" };
    case ".filter":
      return { kind: "filter", expression: args.join(" ") };
    case "@cron":
      throw refused("@cron can only be the first");
    default:
      if (/^[.@][\w-]*$/.test(name))
        throw refused(
          `\`${showText(name)}\` is not known. There are @cron, .sleep, .foreach and .filter`,
        );
      return { kind: "command", argv: words };
  }
}

const MAX_SLEEP_SECONDS = 99_999_999;

function secondsOf(args: readonly string[]): number {
  const seconds = Number(args[0]);
  const isRight = args.length === 1 && /^\d+$/.test(args[0] ?? "") && seconds <= MAX_SLEEP_SECONDS;
  if (isRight) return seconds;
  throw refused(`.sleep wants a whole number of seconds, to ${MAX_SLEEP_SECONDS}`);
}

const refused = (why: string): Error => invalidRequest("PLAN", why);
