/**
 * @module
 * `glovebox plan`
 */
import { Command } from "commander";
import type { PlanFlags } from "../plan-work.ts";
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
    .argument("<LINE>", "in quotes")
    .option("--format <FORMAT>", "json or mermaid (default: json)")
    .option("--run", "run it here, step by step, each command in a sandbox of its own")
    .option("--input <JSON>", "with --run: what it is given (default: stdin, else an empty text)")
    .option("--timeout <TIME>", "of each command (default: 60s)")
    .option("--network <MODE>", "with --run: what commands can reach: none or all (default: none)");
  return addProviderFlag(command)
    .option("-q, --quiet", "with --run: don't name the steps")
    .option("-v, --verbose", "traces of failures")
    .helpOption("-h, --help", "show this help")
    .addHelpText("after", examples)
    .action(async (line: string, flags: PlanFlags) => {
      const work = async (): Promise<number> =>
        (await import("../plan-work.ts")).planLine(line, flags);
      onExit(await reportErrors(flags, work));
    });
}

const examples = `
Examples:
  glovebox plan './list.py | .foreach | .filter ".hours > 5" | ./report.py'
  glovebox plan --format mermaid 'make-list && ./send.py || ./alarm.py'
  glovebox plan --run './list.py | .sleep 2 | wc -l'
  glovebox plan "@cron '0 8 * * ? *' | ./report.py"`;
