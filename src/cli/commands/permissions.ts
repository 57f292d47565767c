/**
 * @module
 * `glovebox permissions`
 */
import { Command } from "commander";
import type * as permissionsWork from "../permissions-work.ts";
import { reportErrors } from "../report-errors.ts";

type Work = typeof permissionsWork;
type Flags = permissionsWork.PermissionsFlags;

export function createPermissionsCommand(onExit: (exitCode: number) => void): Command {
  const command = new Command("permissions")
    .summary("show, forget, export and explain what was answered for good")
    .description(
      "Rules of a project, which is a folder: what you answered with `always` and `never`. They lie in " +
        "your own state folder, where no program in a sandbox gets.",
    )
    .helpOption("-h, --help", "show this help")
    .addHelpText("after", examples);
  const act = async (flags: Flags, work: (all: Work) => Promise<number>): Promise<void> => {
    onExit(await reportErrors(flags, async () => work(await import("../permissions-work.ts"))));
  };
  newSubcommand(command, "list", "list the rules of this project")
    .option("--all", "of all projects")
    .option("--json", "print JSON")
    .action(async (flags: Flags) => act(flags, (all) => all.listPermissions(flags)));
  newSubcommand(command, "revoke", "forget rules: what they were about is asked again")
    .argument("[ID...]", "of `glovebox permissions list`")
    .option("--all", "all rules of this project")
    .action(async (ids: string[], flags: Flags) =>
      act(flags, (all) => all.revokePermissions(ids, flags)),
    );
  newSubcommand(command, "export", "print the rules as a policy file")
    .option("--json", "print JSON")
    .action(async (flags: Flags) => act(flags, (all) => all.exportPermissions(flags)));
  newSubcommand(command, "import", "add the rules of a policy file, once you have agreed")
    .argument("<FILE>", "as `export` and `glovebox run --learn` write it")
    .option("-y, --yes", "agree")
    .action(async (file: string, flags: Flags) =>
      act(flags, (all) => all.importPermissions(file, flags)),
    );
  newSubcommand(command, "explain", "which rule tells of something, and what it would mean")
    .argument("<KIND>", "net, read, write, list, socket, forward or env")
    .argument("<SUBJECT>", "api.github.com:443, ~/.aws/credentials, 8000 …")
    .option("--json", "print JSON")
    .action(async (kind: string, text: string, flags: Flags) =>
      act(flags, (all) => all.explainPermission(kind, text, flags)),
    );
  return command;
}

function newSubcommand(parent: Command, name: string, help: string): Command {
  const subcommand = new Command(name)
    .description(help)
    .option(
      "--project <FOLDER>",
      "the project, or its name as `list --all` has it (default: the current folder)",
    )
    .option("-v, --verbose", "traces of failures")
    .helpOption("-h, --help", "show this help");
  parent.addCommand(subcommand);
  return subcommand;
}

const examples = `
Examples:
  glovebox permissions list
  glovebox permissions revoke r7k2mqxab
  glovebox permissions explain read ~/.aws/credentials
  glovebox permissions export > policy.yaml`;
