/**
 * @module
 * `glovebox shell`
 */
import { Command } from "commander";
import { invalidRequest } from "../../core/errors.ts";
import { reportErrors } from "../report-errors.ts";
import { parseRunOptions, type RawRunOptions } from "../run-options.ts";
import type * as runShell from "../shell/run-shell.ts";
import {
  addDockerOptions,
  addLimitOptions,
  addPermissionOptions,
  addPolicyOptions,
  collect,
} from "./run.ts";
import { addRemoteFlags } from "../remote-flags.ts";

interface RawShellOptions extends RawRunOptions {
  readonly line?: string;
  readonly oneSandbox?: boolean;
  readonly pipefail?: boolean;
}

export function createShellCommand(onExit: (exitCode: number) => void): Command {
  const command = new Command("shell")
    .summary("a shell in which each command runs in a sandbox of its own")
    .description(description)
    .usage(
      "[options]\n       glovebox shell [options] -c LINE [ARGS…]\n       glovebox shell [options] FILE [ARGS…]",
    )
    .argument("[words...]")
    .passThroughOptions()
    .addHelpText("after", examples)
    .option("-c <LINE>", "run a line and leave")
    .option("--one-sandbox", "run all commands of a line as one `bash` in one sandbox")
    .option("--pipefail", "a pipeline fails where any of its commands does, as `set -o pipefail`")
    .option(
      "-e, --env <NAME=VALUE>",
      "set a variable that programs get; NAME alone passes yours on (repeatable)",
      collect,
    )
    .option(
      "--workspace <DIR>",
      "show programs DIR or DIR:ro read-only, DIR:rw writable (default: the current folder, read-only)",
    );
  addLimitOptions(command);
  addPolicyOptions(command);
  addPermissionOptions(command);
  addDockerOptions(command);
  addRemoteFlags(command);
  command
    .optionsGroup("Report:")
    .option("-q, --quiet", "no notes of ours on stderr")
    .option("-v, --verbose", "say what held and what was used; traces of failures")
    .helpOption("-h, --help", "show this help");
  return command.action(async (words: string[], raw: RawShellOptions & { readonly c?: string }) => {
    onExit(await reportErrors(raw, async () => startShell(words, raw)));
  });
}

async function startShell(
  words: readonly string[],
  raw: RawShellOptions & { readonly c?: string },
): Promise<number> {
  const { c: line, oneSandbox, pipefail, ...ofRuns } = raw;
  const { runShell, hasTerminal } = await import("../shell/run-shell.ts");
  const [file, ...args] = words;
  return runShell({
    source: sourceOf(line, file, hasTerminal()),
    args: line === undefined ? args : words,
    run: parseRunOptions(ofRuns, process.env),
    options: pipefail === true ? ["pipefail"] : [],
    sandboxes: oneSandbox === true ? "shared" : "own",
  });
}

function sourceOf(
  line: string | undefined,
  file: string | undefined,
  hasTerminal: boolean,
): runShell.ShellOptions["source"] {
  if (line !== undefined) return { kind: "line", line };
  if (file === "") throw invalidRequest("FILE", "is empty. Name a script, or leave it out.");
  if (file !== undefined && file !== "-") return { kind: "file", file };
  return { kind: hasTerminal && file === undefined ? "prompt" : "stdin" };
}

const description =
  "A shell: pipes, redirections, variables, patterns, history. But what you start runs in a sandbox " +
  "of its own, which sees the current folder, and asks you for the rest. A line is checked first: where " +
  "one of its commands is not there, nothing of it runs.\n\n" +
  "Without a line or a file it reads what you type, or what comes on stdin.";

const examples = `
Examples:
  glovebox shell                                 » type help
  glovebox shell -c 'ls | wc -l'                 two sandboxes, joined by a pipe
  glovebox shell -c 'sort "$1" > sorted' names   your own files are opened by the shell
  glovebox shell --workspace .:rw build.sh       a script, which may write here
  glovebox shell --image python:3.12 -c 'python3 --version'

A script can begin with: #!/usr/bin/env -S glovebox shell`;
