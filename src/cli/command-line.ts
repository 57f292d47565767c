/**
 * @module
 * From the words of the command line to a command.
 */
import { Command, CommanderError } from "commander";
import { createChangesCommand } from "./commands/changes.ts";
import { createDoctorCommand } from "./commands/doctor.ts";
import { createImagesCommand } from "./commands/images.ts";
import { createKeysCommand } from "./commands/keys.ts";
import { createLambdaCommand } from "./commands/lambda.ts";
import { createLanguagesCommand } from "./commands/languages.ts";
import { createPackageCommand } from "./commands/package.ts";
import { createPermissionsCommand } from "./commands/permissions.ts";
import { createPlanCommand } from "./commands/plan.ts";
import { createRunCommand } from "./commands/run.ts";
import { createServeCommand } from "./commands/serve.ts";
import { createShellCommand } from "./commands/shell.ts";
import { stopAtCode } from "./stop-at-code.ts";
import { escapeControls } from "./escape-controls.ts";

/** Wrong usage; as bash and the GNU tools. */
const EXIT_USAGE = 2;

/** @returns The exit code; everything that the command started is gone. */
export async function runCommandLine(argv: readonly string[], version: string): Promise<number> {
  let exitCode = 0;
  const onExit = (code: number): void => void (exitCode = code);
  const program = createProgram(version);
  const run = createRunCommand(argv, onExit);
  const shell = createShellCommand(onExit);
  for (const command of [
    run,
    shell,
    createDoctorCommand(onExit),
    createLanguagesCommand(onExit),
    createImagesCommand(onExit),
    createServeCommand(onExit),
    createKeysCommand(onExit),
    createChangesCommand(onExit),
    createPermissionsCommand(onExit),
    createPackageCommand(onExit),
    createLambdaCommand(onExit),
    createPlanCommand(onExit),
  ]) {
    program.addCommand(command);
  }
  prepare(program);
  if (argv.length === 0) {
    program.outputHelp();
    return 0;
  }
  try {
    const [name, ...words] = argv;
    const stopping = [run, shell].find((command) => command.name() === name);
    const parsed =
      stopping === undefined ? argv : [stopping.name(), ...stopAtCode(words, stopping.options)];
    await program.parseAsync(parsed, { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has printed the message, the help or the version already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    throw error;
  }
}

function createProgram(version: string): Command {
  return new Command("glovebox")
    .description(
      "Runs code you don't trust in a real sandbox. It can touch nothing until you say so.",
    )
    .version(version, "-V, --version", "show the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show the help of a command")
    .enablePositionalOptions()
    .addHelpText("after", examples);
}

/** Messages of the parser read as ours, and it never ends the process by itself. */
function prepare(command: Command, parents: readonly string[] = []): void {
  for (const subcommand of command.commands) prepare(subcommand, [...parents, command.name()]);
  const name = [...parents, command.name()].join(" ");
  command
    .exitOverride()
    .configureHelp({ helpWidth: helpWidth(), subcommandTerm: (subcommand) => subcommand.name() })
    .configureOutput({
      outputError: (text, write) => {
        const [first = "", ...rest] = text
          .replace(/^error: /, "")
          .trimEnd()
          .split("\n");
        const sentence = first.replace(/\.$/, "");
        const more = rest.map((line) => ` ${line}`).join("");
        write(`glovebox: ${escapeControls(`${sentence}.${more}`)} See \`${name} --help\`.\n`);
      },
    });
}

/** As wide as our examples, unless the terminal is narrower. */
function helpWidth(): number {
  return process.stdout.isTTY ? Math.min(process.stdout.columns, MAX_HELP_WIDTH) : MAX_HELP_WIDTH;
}

const MAX_HELP_WIDTH = 100;

const examples = `
Examples:
  glovebox run hello.py                     run a file; nothing of your machine is in its reach
  glovebox run -l python -c 'print(6 * 7)'  run a piece of code
  glovebox run -- ls -la                    run a command on a read-only view of this folder
  glovebox images pull python               get a language's image, for --provider docker
  glovebox shell                            a shell whose commands run in sandboxes
  glovebox doctor                           see what this machine can enforce
  glovebox serve                            the same over HTTP, on http://127.0.0.1:8000

\`glovebox run --help\` has all flags and more examples.`;
