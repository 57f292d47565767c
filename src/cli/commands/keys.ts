/**
 * @module
 * `glovebox keys`
 */
import { Command } from "commander";
import { limitKeyFlags, type CreateFlags } from "../keys-flags.ts";
import type * as keysWork from "../keys-work.ts";
import { reportErrors } from "../report-errors.ts";

type Work = typeof keysWork;
type KeysFlags = keysWork.KeysFlags;

export function createKeysCommand(onExit: (exitCode: number) => void): Command {
  const command = new Command("keys")
    .summary("make, list and revoke keys of a server's callers")
    .description(
      "Keys of those who may call `glovebox serve`. It finds them in its database: run this as the " +
        "same user, with the same settings. A running server needs no restart.",
    )
    .helpOption("-h, --help", "show this help")
    .addHelpText("after", examples);
  const act = async (flags: KeysFlags, work: (all: Work) => Promise<number>): Promise<void> => {
    // The database is for those who need it.
    onExit(await reportErrors(flags, async () => work(await import("../keys-work.ts"))));
  };
  addCreateFlags(newSubcommand(command, "create", "make a key; its secret is shown once")).action(
    async (flags: CreateFlags & KeysFlags) => act(flags, (all) => all.createKey(flags)),
  );
  newSubcommand(command, "list", "list all keys, never their secrets")
    .option("--json", "print JSON")
    .action(async (flags: KeysFlags) => act(flags, (all) => all.listKeys(flags)));
  newSubcommand(command, "revoke", "from now on they open nothing")
    .argument("<KEY...>", "ids, or names that only one key has")
    .action(async (words: string[], flags: KeysFlags) =>
      act(flags, (all) => all.revokeKeys(words, flags)),
    );
  newSubcommand(command, "callback-secret", "what a caller checks `Glovebox-Signature` with")
    .argument("[KEY]", "id or name; without it, of callers without a key")
    .action(async (word: string | undefined, flags: KeysFlags) =>
      act(flags, (all) => all.showCallbackSecret(word, flags)),
    );
  return command;
}

/** Where the database is, said as `glovebox serve` is told it. */
function newSubcommand(parent: Command, name: string, help: string): Command {
  const subcommand = new Command(name)
    .description(help)
    .option("--config <FILE>", "configuration file (default: glovebox.yaml, if it is there)")
    .option("--storage <FOLDER>", "where executions and keys are kept")
    .option("-v, --verbose", "traces of failures")
    .helpOption("-h, --help", "show this help");
  parent.addCommand(subcommand);
  return subcommand;
}

function addCreateFlags(command: Command): Command {
  command
    .option("--name <NAME>", "for people: whose it is, or what for")
    .option("--scope <SCOPES>", "run, admin or run,admin (default: run)")
    .option("--expires <TIME>", "it opens nothing after this time (90d, 12h)")
    .option("--secret-file <FILE>", "take the secret from a file; -: from stdin")
    .option("--json", "print JSON")
    .optionsGroup("Rules, within those of the server:")
    .option("--rate <COUNT/min>", "HTTP requests a minute (60/min)")
    .option("--no-fork", "each of its programs has an interpreter of its own, see SECURITY.md")
    .option("--concurrency <COUNT>", "executions at the same time; more of them wait")
    .option("--daily <COUNT>", "executions a day, UTC")
    .option("--languages <NAMES>", "python,javascript and no others")
    .option("--providers <NAMES>", "linux,docker,process: those and no others")
    .option("--network <MODES>", "none, or none,all: what may be asked for");
  for (const { flag, valueName, help } of limitKeyFlags) {
    command.option(`${flag} <${valueName}>`, help);
  }
  return command;
}

const examples = `
Examples:
  KEY=$(glovebox keys create --name ci --rate 60/min --max-memory 256MiB)
  curl -H "Authorization: Bearer $KEY" http://127.0.0.1:8000/v1/info
  glovebox keys revoke ci`;
