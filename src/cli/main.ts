/**
 * @module
 * The entry of the `glovebox` program. It sets the exit code and lets the process end by itself, so
 * that all output is written.
 */
import { surviveLostReaders } from "./lost-readers.ts";
import { readRunWords } from "./quick-run-words.ts";
import { runCommand } from "./run-command.ts";

// No await at the top level: this is also bundled as CommonJS.
void start(process.argv.slice(2)).then((exitCode) => {
  // Set already: output was lost.
  process.exitCode ??= exitCode;
});

async function start(argv: readonly string[]): Promise<number> {
  if (argv[0] === "coderun") {
    const { runCoderun } = await import("./coderun.ts");
    return runCoderun(argv.slice(1));
  }
  // A package's first line has the kernel call us with its path.
  const [first = "", ...rest] = argv;
  if (first.includes("/") && !first.startsWith("-")) {
    const { runPackage } = await import("./package/run-package.ts");
    return runPackage(first, rest);
  }
  const words = argv[0] === "run" ? readRunWords(argv.slice(1)) : undefined;
  if (words !== undefined) return runCommand(argv, words.operands, words.raw);
  surviveLostReaders();
  const { runCommandLine } = await import("./command-line.ts");
  const { programVersion } = await import("../app.ts");
  return runCommandLine(argv, programVersion());
}
