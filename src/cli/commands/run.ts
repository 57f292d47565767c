/**
 * @module
 * `glovebox run`
 */
import { Command, Option } from "commander";
import { formatLimit } from "../format-limit.ts";
import { limitFlags } from "../limit-flags.ts";
import { permissionFlags } from "../permission-flags.ts";
import { addDockerHostFlag, addOciRuntimeFlag, addProviderFlag } from "../provider-flag.ts";
import { addRemoteFlags } from "../remote-flags.ts";
import { runCommand } from "../run-command.ts";
import type { RawRunOptions } from "../run-options.ts";

export function createRunCommand(
  argv: readonly string[],
  onExit: (exitCode: number) => void,
): Command {
  const command = new Command("run")
    .summary("run a file, a piece of code or a command in a sandbox")
    .description(description)
    .usage(
      "[options] FILE [ARGS…]\n       glovebox run [options] -l LANG -c CODE [ARGS…]\n       glovebox run [options] -l LANG - [ARGS…]\n       glovebox run [options] -- CMD [ARGS…]",
    )
    .argument("[words...]")
    .passThroughOptions()
    .addHelpText("after", examples);
  addProgramOptions(command);
  addLimitOptions(command);
  addPolicyOptions(command);
  addPermissionOptions(command);
  addDockerOptions(command);
  addRemoteFlags(command);
  addReportOptions(command);

  return command.action(async (operands: string[], raw: RawRunOptions) => {
    onExit(await runCommand(argv, operands, raw));
  });
}

/** `--env A=1 --env B=2` */
export const collect = (word: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  word,
];

function addProgramOptions(command: Command): void {
  command
    .optionsGroup("Program:")
    .option(
      "-l, --language <LANG>",
      "language, where FILE doesn't tell it, or LANG@VERSION; see `glovebox languages`",
    )
    .option("-c, --code <CODE>", "code to run instead of FILE")
    .option("--file <PATH>", "put one more file into the sandbox (repeatable)", collect)
    .option(
      "-e, --env <NAME=VALUE>",
      "set a variable; NAME alone passes yours on (repeatable)",
      collect,
    )
    .option(
      "--out <DIR>",
      "put the files that it leaves in /workspace/out into DIR, a new or empty folder of yours",
    )
    .option(
      "--artifact <PATH>",
      "instead of out: a file or folder of its workspace (repeatable)",
      collect,
    )
    .option("-t, --tty", "give it your terminal: for shells, editors, anything with a prompt")
    .option(
      "--workspace <DIR>",
      "show a folder of yours as /workspace: DIR or DIR:ro read-only, DIR:rw writable, DIR:copy a copy whose changes you see at the end (default: an empty folder; with -- CMD the current one, read-only)",
    );
  command
    .option(
      "--no-dependencies",
      "install nothing of what a requirements.txt, package.json, … beside it declares",
    )
    .option(
      "--registry <NAME=URL>",
      "install from another registry: pip=URL, npm=URL, gem=URL, go=URL (repeatable; docs/dependencies.md)",
      collect,
    );
  addChangesOptions(command);
}

function addChangesOptions(command: Command): void {
  command
    .optionsGroup("Changes in DIR:copy (default: it asks; without a terminal they are kept):")
    .option("--apply", "make them in DIR, but for what other programs act on, as .git/hooks")
    .option("--apply-all", "make all of them in DIR")
    .option("--keep", "keep them for `glovebox changes`")
    .option("--discard", "throw them away");
}

export function addLimitOptions(command: Command): void {
  command.optionsGroup("Limits:");
  for (const { limit, flag, valueName, help, default: value } of limitFlags) {
    command.option(`${flag} <${valueName}>`, `${help} (default: ${formatLimit(limit, value)})`);
  }
  command.option("--no-compile-cache", "compile anew, and keep nothing of it");
  command.addOption(
    new Option(
      "--on-output-limit <WHAT>",
      "truncate or kill: drop what is over --output, or end it (default: truncate)",
    )
      .helpGroup("Limits:")
      // Checked by parseRunOptions, so that every bad value reads the same.
      .argParser(String),
  );
}

export function addPolicyOptions(command: Command): void {
  addProviderFlag(
    command
      .optionsGroup("Sandbox:")
      .option(
        "--network <MODE>",
        "what it can reach: none, ask or all (default: ask on a terminal, else none)",
      ),
  ).option(
    "--enforcement <MODE>",
    "strict or best-effort: where this machine can't enforce a control, refuse to run, or say so and run (default: strict)",
  );
}

export function addPermissionOptions(command: Command): void {
  command.optionsGroup("Permissions (with --provider linux):");
  for (const { flag, kind, valueName, help } of permissionFlags) {
    const words = valueName === undefined ? flag : `${flag} <${valueName}>`;
    if (kind === "list") command.option(words, help, collect);
    else command.option(words, help);
  }
}

export function addDockerOptions(command: Command): void {
  command
    .optionsGroup("Docker (each of them means --provider docker):")
    .option(
      "--image <NAME>",
      "image that the programs come from (default: the language's; with -- CMD debian:stable-slim); also with --provider linux",
    );
  addOciRuntimeFlag(command).option(
    "--pull <WHEN>",
    "missing, never or always: when to fetch the image from its registry (default: missing)",
  );
  addDockerHostFlag(command);
}

function addReportOptions(command: Command): void {
  command
    .optionsGroup("Steps:")
    .option(
      "--plugin <FILE>",
      "a module of yours that adds steps, which run on this machine, not in the sandbox (repeatable; docs/extend.md)",
      collect,
    )
    .option("--explain", "list the steps that would run, in order, and do nothing")
    .optionsGroup("Report:")
    .option("--json", "print one JSON document at the end instead of the output")
    .option("-q, --quiet", "no notes of ours on stderr")
    .option("-v, --verbose", "say what held and what was used; traces of failures")
    .helpOption("-h, --help", "show this help");
}

const description =
  "Runs a program in a sandbox of its own: it sees the system's programs, its own files and what " +
  "you name here. What it wants besides, files of yours or a connection, it gets when you say so: on " +
  "a terminal you are asked while it waits, elsewhere the answer is no. Nothing stays behind.\n\n" +
  "All words after FILE, CODE or CMD belong to the program.";

const examples = `
Examples:
  glovebox run hello.py                          a file; its language by #! line, then extension
  glovebox run hello.py --name Ada < data.csv    arguments and stdin are the program's
  glovebox run -l python -c 'print(6 * 7)'       a piece of code
  glovebox run -l python@3.13 hello.py           one of several versions
  echo 'echo $((6 * 7))' | glovebox run -l bash -
  glovebox run --timeout 2s --memory 64MiB hello.py
  glovebox run --file lib/sum.h --file lib/sum.c main.c
  glovebox run -- ls -la                         any command, on a read-only view of this folder
  glovebox run --workspace .:rw -- make test     the same, and it may write here
  glovebox run --workspace .:copy -- npm install   on a copy; you decide what of it comes back
  glovebox run --allow-net api.github.com:443 fetch.py      without a question
  glovebox run --learn policy.yaml install.sh    see what it wants, get nothing
  glovebox run --image python:3.12 hello.py      in a container of an image, by Docker
  glovebox run --json hello.py                   for programs: output, outcome and usage

Exit codes: the program's own; 124 time limit, 137 memory limit or SIGKILL, 128+n signal n,
126 can't be executed, 127 not found, 125 Glovebox failed, 2 wrong usage.`;
