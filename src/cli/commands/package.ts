/**
 * @module
 * `glovebox package`
 */
import { Command } from "commander";
import type * as addWork from "../package/add-package.ts";
import type { InitFlags } from "../package/init-package.ts";
import type { AddFlags } from "../package/package-sources.ts";
import type * as packageWork from "../package/package-work.ts";
import { newSubcommand } from "../new-subcommand.ts";
import { reportErrors } from "../report-errors.ts";

type Flags = packageWork.PackageFlags;

const collect = (word: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  word,
];

export function createPackageCommand(onExit: (exitCode: number) => void): Command {
  const command = new Command("package")
    .summary("programs as executable files that say what they may do")
    .description(
      "A package is an executable YAML file: which program it is, and what it may touch. It is asked " +
        "about once, and again when it changes. From then on it is a command like any other.",
    )
    .helpOption("-h, --help", "show this help")
    .addHelpText("after", examples);
  const act: Act = async (flags, work) => {
    onExit(await reportErrors(flags, async () => work()));
  };
  addFetching(command, act);
  addKnowing(command, act);
  return command;
}

const adding = (): Promise<typeof addWork> => import("../package/add-package.ts");
const knowing = (): Promise<typeof packageWork> => import("../package/package-work.ts");

type Act = (
  flags: Pick<Flags, "json" | "verbose">,
  work: () => Promise<number> | number,
) => Promise<void>;

/** Those that bring packages from elsewhere. */
function addFetching(command: Command, act: Act): void {
  newSubcommand(command, "init", "write a package to begin with")
    .argument("<FILE>", "a new file; its name is the command's")
    .option("--command <CMD>", "the program (default: the file's name)")
    .option("-l, --language <LANG>", "a script instead, in this language")
    .option("--image <NAME>", "an image that the program comes from")
    .action(async (file: string, flags: InitFlags & Flags) =>
      act(flags, async () => (await import("../package/init-package.ts")).initPackage(file, flags)),
    );
  addWhere(newSubcommand(command, "add", "put a package on your PATH, once you have agreed"))
    .argument("<PACKAGE>", "a name in an index, a file (./jq), or an image with --image")
    .option("--image", "PACKAGE is an image with whalebrew's labels")
    .option("--name <NAME>", "what to call the command (default: the package's name)")
    .action(async (word: string, flags: AddFlags) =>
      act(flags, async () => (await adding()).addPackage(word, flags)),
    );
  newSubcommand(
    command,
    "update",
    "get newer ones from where they came from; asks what has changed",
  )
    .argument("[PACKAGE...]", "default: all")
    .option("-y, --yes", "agree without a question")
    .action(async (words: string[], flags: Flags) =>
      act(flags, async () => (await adding()).updatePackages(words, flags)),
    );
  newSubcommand(command, "search", "list packages that can be added")
    .argument("[WORD...]", "all of them in its name or description")
    .option("--index <FOLDER|URL>", indexHelp, collect)
    .option("--json", "print JSON")
    .action(async (words: string[], flags: Flags) =>
      act(flags, async () => (await adding()).search(words, flags)),
    );
}

/** Those about what is there. */
function addKnowing(command: Command, act: Act): void {
  newSubcommand(command, "list", "list those that you have approved")
    .option("--json", "print JSON")
    .action(async (flags: Flags) => act(flags, async () => (await knowing()).listPackages(flags)));
  newSubcommand(command, "show", "print a package's file")
    .argument("<PACKAGE>", "a name of `glovebox package list`, or a file")
    .option("--json", "print what it says, and what it wants, as JSON")
    .action(async (word: string, flags: Flags) =>
      act(flags, async () => (await knowing()).showPackage(word, flags)),
    );
  newSubcommand(command, "audit", "say in plain words all that it may do and all that it runs")
    .argument("<PACKAGE>", "a name of `glovebox package list`, or a file")
    .action(async (word: string, flags: Flags) =>
      act(flags, async () => (await knowing()).audit(word)),
    );
  newSubcommand(command, "approve", "approve a package's file where it lies")
    .argument("<PACKAGE>", "a file")
    .option("-y, --yes", "agree without a question")
    .action(async (word: string, flags: Flags) =>
      act(flags, async () => (await knowing()).approvePackage(word, flags)),
    );
  newSubcommand(command, "remove", "remove packages, and what was approved of them")
    .argument("<PACKAGE...>", "names of `glovebox package list`")
    .action(async (words: string[], flags: Flags) =>
      act(flags, async () => (await knowing()).removePackages(words)),
    );
  newSubcommand(command, "schema", "print the JSON Schema of packages, for editors").action(
    async (flags: Flags) => act(flags, async () => (await knowing()).printSchema()),
  );
}

const indexHelp = "also look in a folder of packages, or a git repository (repeatable)";

const addWhere = (command: Command): Command =>
  command
    .option("--into <FOLDER>", "where to put it (default: ~/.local/bin, root's /usr/local/bin)")
    .option("--index <FOLDER|URL>", indexHelp, collect)
    .option("-y, --yes", "agree without a question");

const examples = `
Examples:
  glovebox package search json
  glovebox package add jq && echo '{"a": 1}' | jq .a
  glovebox package add ./my-tool --into ~/bin
  glovebox package add --image whalebrew/whalesay
  glovebox package audit jq
  glovebox package init hello -l python`;
