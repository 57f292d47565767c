/**
 * @module
 * `coderun [-l LEVEL] [-p PROVIDER] [--] [CMD…]`: with coderun's own words, which are fewer than ours.
 * Without a command it is the shell.
 */
import { invalidRequest } from "../core/errors.ts";
import { quoteForBash } from "../shell/as-bash.ts";
import { surviveLostReaders } from "./lost-readers.ts";
import { reportErrors } from "./report-errors.ts";
import { parseRunOptions, type RawRunOptions } from "./run-options.ts";
import { hasTerminal, runShell } from "./shell/run-shell.ts";

/** @returns The exit code: the program's, or ours. */
export async function runCoderun(argv: readonly string[]): Promise<number> {
  surviveLostReaders();
  return reportErrors({}, async () => {
    const { flags, words } = splitWords(argv);
    if (flags.h !== undefined) {
      process.stderr.write(usage);
      return 0;
    }
    const raw: RawRunOptions = {
      ...(flags.p === undefined || flags.p === "" ? {} : { provider: flags.p }),
      // A function has the network of its account: nothing else can be had there.
      ...(flags.p === "lambda" ? { network: "all" } : {}),
      ...verbosityOf(flags.l),
    };
    const line = words.map(quoteForBash).join(" ");
    return runShell({
      source:
        words.length > 0 ? { kind: "line", line } : { kind: hasTerminal() ? "prompt" : "stdin" },
      ...{ args: [], options: [], sandboxes: "own" },
      run: parseRunOptions(raw, process.env),
    });
  });
}

type Flag = "h" | "l" | "p";

interface Words {
  readonly flags: Readonly<Partial<Record<Flag, string>>>;
  readonly words: readonly string[];
}

/** As Go's flags: `-l info`, `-l=info` and `--l info`, up to the first word that is none, or `--`. */
function splitWords(argv: readonly string[]): Words {
  const flags: Partial<Record<Flag, string>> = {};
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? "";
    if (word === "--") return { flags, words: argv.slice(at + 1) };
    if (!word.startsWith("-") || word === "-") return { flags, words: argv.slice(at) };
    const [, name = "", value] = /^--?([a-z]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === "h" || name === "help") flags.h = "";
    else if (name === "l" || name === "p") {
      const text = value ?? argv[(at += 1)];
      if (text === undefined) throw invalidRequest(`-${name}`, `needs a value. ${seeHelp}`);
      flags[name] = text;
    } else throw invalidRequest(`\`${word}\``, `is no flag of coderun. ${seeHelp}`);
  }
  return { flags, words: [] };
}

const seeHelp = "See `coderun -h`; `glovebox shell --help` has more flags.";

/** @throws {GloveboxError} `INVALID_REQUEST` */
function verbosityOf(level: string | undefined): Pick<RawRunOptions, "quiet" | "verbose"> {
  switch (level?.toLowerCase()) {
    case undefined:
    case "info":
    case "warn":
      return {};
    case "debug":
      return { verbose: true };
    case "error":
      return { quiet: true };
    default:
      throw invalidRequest(
        "-l",
        `\`${level ?? ""}\`: not a valid log setting. Write debug, info, warn or error.`,
      );
  }
}

const usage = `Usage: coderun [-l LEVEL] [-p PROVIDER] [--] [CMD ARGS…]
  -l LEVEL     debug, info, warn or error: how much is said (default: info)
  -p PROVIDER  linux, docker, lambda …: what makes the sandbox (default: the best one here)
  -h           this help
Without CMD it is a shell. \`glovebox shell --help\` and \`glovebox run --help\` have all that there is.
`;
