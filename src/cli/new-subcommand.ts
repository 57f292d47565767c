/**
 * @module
 * A command of a command, with the flags that all of them have.
 */
import { Command } from "commander";

export function newSubcommand(parent: Command, name: string, help: string): Command {
  const subcommand = new Command(name)
    .description(help)
    .option("-v, --verbose", "traces of failures")
    .helpOption("-h, --help", "show this help");
  parent.addCommand(subcommand);
  return subcommand;
}
