/**
 * @module
 * `glovebox lambda`
 */
import { Command } from "commander";
import type * as lambdaWork from "../lambda-work.ts";
import { newSubcommand } from "../new-subcommand.ts";
import { reportErrors } from "../report-errors.ts";

type Work = typeof lambdaWork;
type Flags = lambdaWork.LambdaFlags;

export function createLambdaCommand(onExit: (exitCode: number) => void): Command {
  const command = new Command("lambda")
    .summary("show and remove functions that --provider lambda made, and read their logs")
    .description(
      "The functions that `glovebox run --provider lambda` made in your account of AWS. Region, " +
        "credentials and address are those of AWS's own tools: AWS_REGION, AWS_PROFILE, " +
        "AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL.",
    )
    .helpOption("-h, --help", "show this help")
    .addHelpText("after", examples);
  const act = async (flags: Flags, work: (all: Work) => Promise<number>): Promise<void> => {
    onExit(await reportErrors(flags, async () => work(await import("../lambda-work.ts"))));
  };
  newSubcommand(command, "ls", "list the functions of this region")
    .option("--json", "print JSON")
    .action(async (flags: Flags) => act(flags, (all) => all.listLambda(flags)));
  newSubcommand(command, "rm", "remove functions")
    .argument("<FUNCTION...>", "its name, or the folder that it was made for")
    .action(async (names: string[], flags: Flags) => act(flags, (all) => all.removeLambda(names)));
  newSubcommand(command, "logs", "print what a function logged")
    .argument("<FUNCTION>", "its name, or the folder that it was made for")
    .option("--since <TIME>", "of the last so long (10m, 2h; default: 1h)")
    .action(async (name: string, flags: Flags) =>
      act(flags, (all) => all.printLambdaLog(name, flags)),
    );
  return command;
}

const examples = `
Examples:
  glovebox run --provider lambda --network all ./test.py   make the function of this folder, and run it
  glovebox lambda ls
  glovebox lambda logs --since 10m .
  glovebox lambda rm .`;
