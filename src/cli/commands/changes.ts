/**
 * @module
 * `glovebox changes`
 */
import { Command } from "commander";
import type * as keptChanges from "../kept-changes.ts";
import { newSubcommand } from "../new-subcommand.ts";
import { reportErrors } from "../report-errors.ts";

type Work = typeof keptChanges;

interface ChangesFlags {
  readonly all?: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export function createChangesCommand(onExit: (exitCode: number) => void): Command {
  const command = new Command("changes")
    .summary("show, apply and discard changes that runs left")
    .description(
      "What programs changed in copies of folders, `glovebox run --workspace DIR:copy`, and what is " +
        "not decided yet. Until it is applied, nothing in the folder is another.",
    )
    .helpOption("-h, --help", "show this help");
  const act = async (flags: ChangesFlags, work: (all: Work) => number): Promise<void> => {
    onExit(await reportErrors(flags, async () => work(await import("../kept-changes.ts"))));
  };
  newSubcommand(command, "list", "list all that is kept")
    .option("--json", "print JSON")
    .action(async (flags: ChangesFlags) =>
      act(flags, (all) => all.listKept({ json: flags.json === true })),
    );
  newSubcommand(command, "show", "show what changed, with the texts")
    .argument("<ID>")
    .option("--json", "print JSON, without the texts")
    .action(async (id: string, flags: ChangesFlags) =>
      act(flags, (all) => all.showKept(id, { json: flags.json === true })),
    );
  newSubcommand(command, "apply", "make the changes in the folder itself")
    .argument("<ID>")
    .option("--all", "with what is marked !: files that other programs act on, links that lead out")
    .action(async (id: string, flags: ChangesFlags) =>
      act(flags, (all) => all.applyById(id, { all: flags.all === true })),
    );
  newSubcommand(command, "discard", "throw the changes away")
    .argument("<ID...>")
    .action(async (ids: string[], flags: ChangesFlags) =>
      act(flags, (all) => all.discardKept(ids)),
    );
  return command;
}
