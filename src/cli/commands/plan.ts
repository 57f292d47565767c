/**
 * @module
 * `glovebox plan`
 */
import { Command } from "commander";
import { invalidRequest } from "../../core/errors.ts";
import type { PlanFlags } from "../plan-flags.ts";
import { addProviderFlag } from "../provider-flag.ts";
import { reportErrors } from "../report-errors.ts";

export function createPlanCommand(onExit: (exitCode: number) => void): Command {
  const command = new Command("plan")
    .summary("turn a line of shell into a state machine of AWS, and try it")
    .description(
      "Turns a line of shell into Amazon States Language: each command a run of a Lambda function, " +
        "pipes as data, && and || as choices. Besides there are .sleep SECONDS, .foreach (what " +
        "follows runs for each item of a list), .filter EXPR and @cron.",
    )
    .usage("[options] <LINE>\n       glovebox plan --list\n       glovebox plan --remove <NAME>")
    .argument("[LINE]", "in quotes")
    .option("--format <FORMAT>", "json or mermaid (default: json)")
    .option("--run", "run it here, step by step, each command in a sandbox of its own")
    .option(
      "--input <JSON>",
      "what it is given, by --run (default: stdin, else an empty text) or by its schedule",
    )
    .option("--timeout <TIME>", "of each command (default: 60s)")
    .option("--network <MODE>", "with --run: what commands can reach: none or all (default: none)");
  addProviderFlag(command)
    .optionsGroup("In your account of AWS:")
    .option(
      "--deploy",
      "make it, or change it: a function of the current folder, a state machine, a schedule",
    )
    .option("--name <NAME>", "what it is called (default: after the folder)")
    .option("--list", "show the plans of this region")
    .option("--remove <NAME>", "remove one, with its function and its schedule")
    .optionsGroup("Report:")
    .option("-q, --quiet", "don't name the steps")
    .option("-v, --verbose", "traces of failures")
    .helpOption("-h, --help", "show this help")
    .addHelpText("after", examples)
    .action(async (line: string | undefined, flags: Flags) => {
      onExit(await reportErrors(flags, async () => work(line, flags)));
    });
  return command;
}

interface Flags extends PlanFlags {
  readonly list?: boolean;
  readonly remove?: string;
}

/** @throws {GloveboxError} */
async function work(line: string | undefined, flags: Flags): Promise<number> {
  const { list, remove } = flags;
  if (list === undefined && remove === undefined) {
    if (line !== undefined) return (await import("../plan-work.ts")).planLine(line, flags);
    throw invalidRequest("LINE", "is missing. Write it in quotes, as `glovebox plan 'a | b'`.");
  }
  const flag = list === undefined ? "--remove" : "--list";
  if (line !== undefined || (list !== undefined && remove !== undefined)) {
    throw invalidRequest(flag, "stands alone.");
  }
  const plans = await import("../plan-deploy.ts");
  return remove === undefined ? plans.listPlans() : plans.removePlan(remove);
}

const examples = `
Examples:
  glovebox plan './list.py | .foreach | .filter ".hours > 5" | ./report.py'
  glovebox plan --format mermaid 'make-list && ./send.py || ./alarm.py'
  glovebox plan --run './list.py | .sleep 2 | ./report.py'
  glovebox plan --deploy "@cron '0 8 * * ? *' | ./report.py"
  glovebox plan --list`;
